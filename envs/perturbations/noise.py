"""Gaussian observation noise."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.symmetry import InputError


class ObservationNoise(gymnasium.ObservationWrapper[NDArray[Any], NDArray[Any], NDArray[Any]]):
    """Adds independent Gaussian noise to every coordinate of every observation.

        o' = o + strength · n,   n ~ N(0, 1)

    Args:
        env: an environment with vector observations.
        strength: standard deviation in the observation's own units; 0 leaves observations as they are, to the
            bit. An episode started with a seed has noise that follows from it.

    Raises:
        InputError: a negative or non-finite strength.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        if not (np.isfinite(strength) and strength >= 0):
            raise InputError(f"observation noise is {strength}, expected a standard deviation >= 0")
        self.strength = strength
        self._generator = np.random.default_rng()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Start an episode; a seed determines its noise too."""
        if seed is not None:
            self._generator = np.random.default_rng([seed, 0x6E6F6973])  # apart from the environment's own draws
        return super().reset(seed=seed, options=options)

    def observation(self, observation: NDArray[Any]) -> NDArray[Any]:
        """The observation with noise."""
        if self.strength == 0:
            return observation
        noise = self._generator.standard_normal(observation.shape)
        return (observation + self.strength * noise).astype(observation.dtype)
