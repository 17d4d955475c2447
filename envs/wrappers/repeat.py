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
        InputError: `times` is no whole number, or below 1.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], times: int) -> None:
        super().__init__(env)
        self._times = whole_repeats(times)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """`times` steps."""
        total = 0.0
        for _ in range(self._times):
            observation, reward, terminated, truncated, info = self.env.step(action)
            total += float(reward)
            if terminated or truncated:
                break
        return observation, total, terminated, truncated, info


def whole_repeats(times: Any) -> int:
    """How often an action is taken.

    Raises:
        InputError: `times` is no whole number, or below 1.
    """
    if isinstance(times, bool) or not isinstance(times, int | float) or times < 1 or not float(times).is_integer():
        raise InputError(f"action_repeat is {times}, expected a whole number >= 1")
    return int(times)


def repeated(env: gymnasium.Env[Any, Any], times: int) -> gymnasium.Env[Any, Any]:
    """`env` with every action taken `times` times.

    Raises:
        InputError: `times` is no whole number, or below 1.
    """
    return env if whole_repeats(times) == 1 else ActionRepeat(env, times)
