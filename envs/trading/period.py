"""The days asked for: from a start up to, and without, an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from nearsym.envs.errors import InputError

LONGEST_CLOSURE = 10
"""Calendar days that a market may be closed, holidays and the longest closures of the last decades included."""


@dataclass(frozen=True)
class Period:
    """The days start ≤ day < end; None is no bound. Periods that follow each other share no day.

    Attributes:
        start: first day.
        end: day after the last.

    Raises:
        InputError: a bound is no day written as YYYY-MM-DD, or the end does not come after the start.
    """

    start: str | None = None
    end: str | None = None

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            text = getattr(self, name)
            if text is not None and not _is_day(text):
                raise InputError(f"{name} is {text!r}, expected a day such as 2010-01-31")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise InputError(f"end={self.end} does not come after start={self.start}; the end itself is not included")

    @property
    def bounds(self) -> tuple[np.datetime64, np.datetime64]:
        """Start and end, those of all time for None."""
        return np.datetime64(self.start or "0001-01-01", "D"), np.datetime64(self.end or "9999-12-31", "D")

    def check_covered(self, first: np.datetime64, last: np.datetime64, source: str) -> None:
        """Check that prices on the days first, …, last reach both bounds, but for days when a market is closed.

        Raises:
            InputError: they begin later or end sooner.
        """
        (start, end), closed = self.bounds, np.timedelta64(LONGEST_CLOSURE, "D")
        if (self.start is not None and first - start > closed) or (self.end is not None and end - last > closed):
            asked = " ".join(f"{key}={day}" for key, day in vars(self).items() if day is not None)
            raise InputError(
                f"{source}: prices run from {first} to {last} and do not fill {asked}; choose days inside, or none"
            )


def _is_day(text: object) -> bool:
    try:
        # others, such as 20100131, compare wrongly as text
        return isinstance(text, str) and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
