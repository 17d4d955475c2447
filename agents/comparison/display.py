"""One display for all runs of a comparison."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from nearsym.agents.runs.metrics import last_row

from .jobs import Job
from .status import FAILED, FINISHED, RUNNING, Status

EVERY = 60.0
"""Seconds between two lines for a run that goes on, where there is no terminal."""


class Display:
    """On a terminal a bar for all runs with a line for each that is running; elsewhere lines now and then.

    Args:
        jobs: every run.
        states: their status at the start.
        together: runs at the same time, or None where a cluster decides, which leaves no estimate of the time.
    """

    def __init__(self, jobs: Sequence[Job], states: Mapping[str, Status], together: int | None = None) -> None:
        self._jobs, self._together = {job.spec.path: job for job in jobs}, together
        self._ended = sum(status.state == FINISHED for status in states.values())
        self._seconds = [status.seconds for status in states.values() if status.state == FINISHED and status.seconds]
        self._printed = time.monotonic()
        self._console = Console(file=sys.stdout, highlight=False)
        self._bar = Progress(
            BarColumn(), MofNCompleteColumn(), TextColumn("runs"), TimeElapsedColumn(), console=self._console
        )
        self._task = self._bar.add_task("", total=len(jobs), completed=self._ended)
        self._live = Live(self._bar, console=self._console) if self._console.is_terminal else None

    def __enter__(self) -> Display:
        if self._left():
            self._print(self._left())
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.update(self._bar)
            self._live.stop()

    def show(self, states: Mapping[str, Status]) -> None:
        """One line for each run that is running: every second on a terminal, every minute elsewhere."""
        if self._live is None and time.monotonic() - self._printed < EVERY:
            return
        lines = []
        for path, status in states.items():
            if status.state != RUNNING:
                continue
            job = self._jobs[path]
            shown = job.under_way()
            step, value = last_row(job.run_of(shown).metrics)
            returned = "-" if value is None else f"{value:.1f}"
            spent = f"{status.seconds / 60:.1f} min" + (" with its companions" if job.companions else "")
            line = f"{shown.path}  step {step:,} of {shown.total_steps:,}, eval {returned}, {spent}"
            lines.append(Text(line, no_wrap=True, overflow="ellipsis"))
        if self._live is None and lines:
            self._printed = time.monotonic()
            self._print("\n".join(line.plain for line in lines))
        if self._live is not None:
            self._bar.update(self._task, completed=self._ended)
            self._live.update(Group(self._bar, *lines))

    def ended(self, path: str, status: Status) -> None:
        """A line for a run that has ended."""
        if status.state not in (FINISHED, FAILED):
            return
        self._ended += 1
        if status.state == FINISHED:
            self._seconds.append(status.seconds)
        message = f": {status.message}" if status.message else ""
        count = f"[{self._ended}/{len(self._jobs)}]"
        left = f"; {self._left()}" if self._left() else ""
        self._print(f"{count} {status.state}  {path}  {status.seconds / 60:.1f} min{message}{left}")

    def _left(self) -> str:
        """How long the runs that are left will take, by what others took; empty where that is not known."""
        left = len(self._jobs) - self._ended
        if not self._seconds or self._together is None or left <= 0:
            return ""
        minutes = sum(self._seconds) / len(self._seconds) * left / min(self._together, left) / 60
        about = f"{minutes / 60:.1f} hours" if minutes > 90 else f"{minutes:.0f} min" if minutes >= 1 else "1 min"
        return f"about {about} left for {left} run{'' if left == 1 else 's'}"

    def _print(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False)
