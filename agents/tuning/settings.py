"""Settings of a tuning."""

from __future__ import annotations

from dataclasses import dataclass

from nearsym.agents.algorithms.settings import check_range
from nearsym.agents.runs.settings import MOST_THREADS


@dataclass(frozen=True)
class TuneSettings:
    """One tuning.

    Attributes:
        suite: path of a YAML file: a suite that says under ``tune`` what to search.
        out: the tuning's folder, null for runs/<name of the suite>.
        jobs: runs of a trial at the same time.
        threads: torch threads of each run.
        retries: how often a run that fails is tried again, from its last checkpoint, before its trial has failed.
        trust: import the modules that the suite names from wherever they are; otherwise only from the current folder.

    Raises:
        InputError: a value is out of range.
    """

    suite: str | None = None
    out: str | None = None
    jobs: int = 1
    threads: int = 1
    retries: int = 0
    trust: bool = False

    def __post_init__(self) -> None:
        check_range("", self, 1, ("threads",), MOST_THREADS)
        check_range("", self, 1, ("jobs",))
        check_range("", self, 0, ("retries",))
