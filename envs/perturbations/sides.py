"""Which side of the state space an environment is on."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.envs.wrappers import symmetry_of


def mirrored_coordinate(symmetry: Symmetry | None, observation_space: gymnasium.Space[Any]) -> int:
    """The first observation coordinate whose sign some element flips in place: it tells the sides apart.

    Raises:
        InputError: no symmetry is declared, or no element flips a coordinate.
    """
    if symmetry is None:
        raise InputError("a one-sided perturbation needs a declared symmetry to know the sides; pass symmetry=…")
    rep = symmetry.ordered(observation_space).observation.rep
    diagonals = np.array([np.diagonal(matrix) for matrix in rep.matrix])
    flipped = np.flatnonzero((diagonals < -1 + 1e-9).any(axis=0))
    if not len(flipped):
        raise InputError("a one-sided perturbation needs an element that flips the sign of an observation coordinate")
    return int(flipped[0])


class OneSided(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Base of perturbations that act on one side of the state space: where the mirrored coordinate is positive.

    Args:
        env: an environment with flat observations and a declared symmetry.
        strength: of the perturbation; 0 is the identity.

    Attributes:
        strength: as given.
        coordinate: index of the observation coordinate that tells the sides apart.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        if not (np.isfinite(strength) and strength >= 0):
            raise InputError(f"{type(self).__name__} has strength {strength}, expected a number >= 0")
        self.strength = strength
        self.coordinate = mirrored_coordinate(symmetry_of(env), env.observation_space)
        self._position = 0.0

    @property
    def active(self) -> bool:
        """Whether the last observation lies on the perturbed side."""
        return self.strength > 0 and self._position > 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._locate(observation)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._locate(observation)
        return observation, reward, terminated, truncated, info

    def set_state(self, state: NDArray[np.float64]) -> NDArray[Any]:
        """Put the inner environment into a state, and see on which side it is."""
        observation = self.env.get_wrapper_attr("set_state")(state)
        if observation is None:
            raise InputError(f"{type(self).__name__} needs set_state to return the observation at the new state")
        self._locate(observation)
        return observation

    def _locate(self, observation: NDArray[Any]) -> None:
        self._position = float(np.ravel(observation)[self.coordinate])
