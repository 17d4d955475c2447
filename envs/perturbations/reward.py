"""A reward that pays less on one side of the state space."""

from __future__ import annotations

from typing import Any

from .sides import OneSided


class RewardAsymmetry(OneSided):
    """R' = (1 - strength) R after steps that start on one side."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        factor = 1 - self.strength if self.active else 1
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, factor * reward, terminated, truncated, info
