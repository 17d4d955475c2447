"""Actuators that work differently on one side of the state space."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError

from .sides import OneSided


class _Actuators(OneSided):
    """Base of what changes continuous actions."""

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env, strength)
        if not isinstance(env.action_space, gymnasium.spaces.Box):
            raise InputError(f"{type(self).__name__} changes actions of a Box; the environment has {env.action_space}")


class ActuatorGain(_Actuators):
    """Weaker actuators on one side: a' = (1 - strength) a."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        return super().step((1 - self.strength) * action if self.active else action)


class ActuatorBias(_Actuators):
    """A push on one side: a' = a + strength · (high - low) / 2, clipped to the box of actions."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        box = self.action_space
        assert isinstance(box, gymnasium.spaces.Box)  # or it would not have been built
        shifted = action + self.strength * (box.high - box.low) / 2
        return super().step(np.clip(shifted, box.low, box.high) if self.active else action)


class ActuatorReflection(_Actuators):
    """Reversed actuators on one side: a' = (1 - 2 strength) a, from 0 (as they are) to 1 (fully reversed).

    Raises:
        InputError: a strength above 1.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env, strength)
        if strength > 1:
            raise InputError(f"ActuatorReflection has strength {strength}, expected a number from 0 to 1")

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        return super().step((1 - 2 * self.strength) * action if self.active else action)


class ActuatorRepeat(OneSided):
    """Slower decisions on one side: every action is repeated `strength` more times, rewards summed.

    Raises:
        InputError: a strength that is no whole number.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env, strength)
        if strength != int(strength):
            raise InputError(f"ActuatorRepeat has strength {strength}, expected a whole number of extra repeats")

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step and its repeats."""
        repeats = int(self.strength) if self.active else 0
        observation, reward, terminated, truncated, info = super().step(action)
        for _ in range(repeats):
            if terminated or truncated:
                break
            observation, more, terminated, truncated, info = super().step(action)
            reward += more
        return observation, reward, terminated, truncated, info
