"""A sensor that reads off centre."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError
from nearsym.envs.wrappers import symmetry_of

from .sides import mirrored_coordinate


class SensorOffset(gymnasium.ObservationWrapper[NDArray[Any], NDArray[Any], NDArray[Any]]):
    """Shifts the mirrored coordinate of every observation: o'[k] = o[k] + strength.

    The world stays symmetric; what is seen of it does not.

    Args:
        env: an environment with flat observations and a declared symmetry.
        strength: the shift, in the observation's own units.

    Raises:
        InputError: the strength is not finite.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        if not np.isfinite(strength):
            raise InputError(f"SensorOffset has strength {strength}, expected a finite number")
        self.strength = strength
        self.coordinate = mirrored_coordinate(symmetry_of(env), env.observation_space)

    def observation(self, observation: NDArray[Any]) -> NDArray[Any]:
        """The observation with its offset."""
        if self.strength == 0:
            return observation
        shifted = np.array(observation)
        shifted[self.coordinate] += self.strength
        return shifted
