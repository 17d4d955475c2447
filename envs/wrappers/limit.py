"""Cutting off episodes that do not end."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium


class EpisodeLimit(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Truncates an episode that goes on after `steps` steps, and says so the first time.

    gymnasium's TimeLimit is silent, for it is meant; this one is a safeguard against waiting for ever.

    Args:
        env: an environment, most of which end their episodes themselves.
        steps: longest episode.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], steps: int) -> None:
        super().__init__(env)
        self._longest, self._steps, self._said = steps, 0, False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode."""
        self._steps = 0
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._steps += 1
        if self._steps >= self._longest and not (terminated or truncated):
            truncated = True
            if not self._said:
                self._said = True
                warnings.warn(
                    f"an episode has not ended after {self._longest:,} steps and is cut off there; have the "
                    "environment end it, with max_episode_steps or gymnasium.wrappers.TimeLimit, or set eval_steps",
                    stacklevel=2,
                )
        return observation, reward, terminated, truncated, info
