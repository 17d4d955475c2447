"""Repeating each action."""

from __future__ import annotations

from typing import Any

import gymnasium

from nearsym.envs.errors import InputError


class ActionRepeat(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Takes every action `times` times, or until the episode ends, and sums the rewards.

    Args:
        env: the environment.
        times: steps for each action.

    Raises:
        InputError: `times` is below 1.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], times: int) -> None:
        super().__init__(env)
        if times < 1:
            raise InputError(f"action_repeat is {times}, expected a whole number >= 1")
        self._times = times

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """`times` steps."""
        total = 0.0
        for _ in range(self._times):
            observation, reward, terminated, truncated, info = self.env.step(action)
            total += float(reward)
            if terminated or truncated:
                break
        return observation, total, terminated, truncated, info


def repeated(env: gymnasium.Env[Any, Any], times: int) -> gymnasium.Env[Any, Any]:
    """`env` with every action taken `times` times.

    Raises:
        InputError: `times` is below 1.
    """
    return env if times == 1 else ActionRepeat(env, times)
