"""How long a run will take, told once, when its first updates have been timed."""

from __future__ import annotations

import time
from collections.abc import Callable

TIMED = 20.0
"""Seconds of steps with updates from which the rest is told: the first ones are slower."""

WORTH_TELLING = 60.0
"""Seconds left from which it is."""


class TimeLeft:
    """Times steps with updates, evaluations and checkpoints between them included.

    Args:
        total: steps of the run.
        clock: seconds from any start.
    """

    def __init__(self, total: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._clock = total, clock
        self._start: tuple[int, float] | None = None
        self._told = False

    def after(self, step: int, updated: bool) -> str | None:
        """What to tell after a step; None most of the time.

        Args:
            step: how many there were.
            updated: whether an update followed the last one.
        """
        if self._told or not (updated or self._start):
            return None
        now = self._clock()
        if self._start is None:
            self._start = step, now
            return None
        first, begun = self._start
        if now - begun < TIMED:
            return None
        self._told = True
        rate = (step - first) / (now - begun)
        left = (self._total - step) / rate
        return f"about {_spoken(left)} to go, at {rate:.0f} steps/s with updates" if left >= WORTH_TELLING else None


def _spoken(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes / 60:.1f} hours" if minutes > 90 else f"{minutes:.0f} min"
