"""What a run tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Progress:
    """What a display of a run needs.

    Attributes:
        step: environment steps done.
        total: environment steps in all.
        train_return: return of the last finished training episode, NaN before the first.
        eval_return: mean return of the last evaluation, NaN before the first.
        steps_per_second: of this process, over what it has done so far.
        evaluated: whether this report follows an evaluation.
    """

    step: int
    total: int
    train_return: float
    eval_return: float
    steps_per_second: float
    evaluated: bool


class Reporter(Protocol):
    """Shows a run to whoever watches it."""

    def started(self, step: int, summary: str) -> None:
        """The run starts, or goes on, at `step`; `summary` is one line on its networks."""

    def note(self, line: str) -> None:
        """Something that whoever watches should know, in one line."""

    def progress(self, progress: Progress) -> None:
        """After every training episode and evaluation, and every few steps between."""


class Silent:
    """A reporter that shows nothing."""

    def started(self, step: int, summary: str) -> None:
        """Nothing."""

    def note(self, line: str) -> None:
        """Nothing."""

    def progress(self, progress: Progress) -> None:
        """Nothing."""
