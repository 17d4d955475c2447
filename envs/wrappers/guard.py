"""Stopping at the first observation or reward that is not a number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError


class FiniteGuard(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Raises InputError naming the coordinate when an observation or reward is NaN or infinite.

    One such value in a replay buffer ruins every network trained from it, long after its cause has passed.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        self._step = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        self._step = 0
        self._check(observation, "observation")
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._step += 1
        self._check(observation, "observation")
        self._check(reward, "reward")
        return observation, reward, terminated, truncated, info

    def _check(self, value: Any, what: str) -> None:
        if isinstance(value, Mapping):
            for key, part in value.items():
                self._check(part, f"{what}[{key!r}]")
            return
        if isinstance(value, float) and math.isfinite(value):  # most rewards; numpy takes ten times as long
            return
        array = np.asarray(value)
        if array.dtype.kind in "iub" or np.isfinite(array).all():
            return
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        name = what + (f"[{', '.join(map(str, where))}]" if where else "")
        raise InputError(
            f"{name} is {array[where]} at step {self._step} of an episode, expected a finite number; mend the "
            "environment (division by zero, missing data, an unstable simulation)"
        )
