"""Noise on observations: Gaussian, and the salt and pepper of a bad camera."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.capabilities import price_noise, stacked_frames
from nearsym.envs.errors import InputError
from nearsym.envs.wrappers import is_image


class _Noise(gymnasium.ObservationWrapper[NDArray[Any], NDArray[Any], NDArray[Any]]):
    """Base of noise whose draws follow from the episode's seed."""

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        self.strength = strength
        self._generator = np.random.default_rng()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Start an episode; a seed determines its noise too."""
        if seed is not None:
            self._generator = np.random.default_rng([seed, 0x6E6F6973])  # apart from the environment's own draws
        return super().reset(seed=seed, options=options)


class ObservationNoise(_Noise):
    """Adds independent Gaussian noise to every coordinate of every observation.

        o' = o + strength · n,   n ~ N(0, 1)

    Of an image, o is the fraction of full scale, and what leaves its range is cut off.

    Args:
        env: an environment with vector or image observations.
        strength: standard deviation in the observation's own units; 0 leaves observations as they are, to the
            bit. An episode started with a seed has noise that follows from it.

    Raises:
        InputError: a negative or non-finite strength.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env, strength)
        if not (np.isfinite(strength) and strength >= 0):
            raise InputError(f"observation noise is {strength}, expected a standard deviation >= 0")

    def observation(self, observation: NDArray[Any]) -> NDArray[Any]:
        """The observation with noise."""
        if self.strength == 0:
            return observation
        noise = self.strength * self._generator.standard_normal(observation.shape)
        if observation.dtype == np.uint8:
            return np.rint(np.clip(observation + 255 * noise, 0, 255)).astype(np.uint8)
        return (observation + noise).astype(observation.dtype)


class SaltAndPepper(_Noise):
    """Makes a fraction of an image's pixels black or white, in all channels of a frame alike.

    Args:
        env: an environment that observes images (channels, height, width), stacked or not.
        strength: the fraction, from 0 to 1; half of them turn black.

    Raises:
        InputError: a fraction out of range, or observations are no images.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env, strength)
        if not 0 <= strength <= 1:
            raise InputError(f"salt_and_pepper is {strength}, expected a fraction from 0 to 1")
        if not is_image(env.observation_space):
            raise InputError(f"salt_and_pepper needs images, this environment observes {env.observation_space}")
        self._frames = stacked_frames(env) or 1

    def observation(self, observation: NDArray[Any]) -> NDArray[Any]:
        """The image with its bad pixels."""
        if self.strength == 0:
            return observation
        frames = observation.reshape(self._frames, -1, *observation.shape[1:])
        drawn = self._generator.random((self._frames, 1, *observation.shape[1:]))
        spoiled = np.where(drawn < self.strength / 2, 0, np.where(drawn < self.strength, 255, frames))
        return spoiled.astype(np.uint8).reshape(observation.shape)


class PriceNoise(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Noise on the prices a trading environment shows, not on those it trades at.

        p' = p · exp(strength · n),   n ~ N(0, 1) for each asset and day

    Args:
        env: an environment with ``set_price_noise(strength)``, such as trading/portfolio.
        strength: standard deviation of the log price.

    Raises:
        InputError: a negative or non-finite strength, or the environment shows no prices.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        set_noise = price_noise(env)
        if set_noise is None:
            raise InputError("price_noise needs an environment that shows prices, such as trading/portfolio")
        self.strength = strength
        set_noise(strength)
