"""Observations of mean 0 and variance 1, by statistics that the symmetry leaves as they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import OrbitStatistics

from .declare import symmetry_of


class SymmetricNormalise(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Normalises one flat vector by `OrbitStatistics`, so that the declared symmetry still holds of what is observed.

    gymnasium's NormalizeObservation and stable-baselines3's VecNormalize keep a mean and a variance of every coordinate
    by itself: they take a state and its mirror image to two vectors that are no mirror images.

    Args:
        env: observes one vector, with a declared symmetry.

    Attributes:
        statistics: of what was observed.
        learns: whether statistics go on changing; set it to False to evaluate.

    Raises:
        InputError: the environment declares no symmetry, or observes no vector.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        symmetry, space = symmetry_of(env), env.observation_space
        if symmetry is None:
            raise InputError(
                "SymmetricNormalise needs a symmetry and the environment declares none; wrap it in declare"
            )
        if not isinstance(space, gymnasium.spaces.Box) or len(space.shape) != 1:
            raise InputError(f"SymmetricNormalise normalises one vector, the environment observes {space}; flatten it")
        self.statistics, self.learns = OrbitStatistics(symmetry.observation.rep), True
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, space.shape, np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        return self._normalised(observation), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._normalised(observation), reward, terminated, truncated, info

    def save(self, path: str | Path) -> None:
        """Write the statistics to a JSON file."""
        Path(path).write_text(json.dumps(self.statistics.state()) + "\n")

    def load(self, path: str | Path) -> None:
        """Go on with statistics that `save` wrote.

        Raises:
            InputError: there are none, or they belong to another environment.
        """
        try:
            self.statistics.restore(json.loads(Path(path).read_text()))
        except InputError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} holds no statistics that can be read ({type(error).__name__})") from error

    def _normalised(self, observation: Any) -> Any:
        if self.learns:
            self.statistics.update(observation)
        return self.statistics.normalise(observation).astype(np.float32)
