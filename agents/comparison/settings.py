"""Settings of a comparison."""

from __future__ import annotations

from dataclasses import dataclass, field

from nearsym.agents.algorithms.settings import check_range
from nearsym.agents.runs.settings import MOST_THREADS
from nearsym.envs.errors import InputError

LAUNCHERS = ("local", "ray", "slurm")
EXECUTORS = ("slurm", "local", "debug")


@dataclass(frozen=True)
class SlurmSettings:
    """What Slurm is asked for (``launcher=slurm``).

    Attributes:
        executor: submitit's: ``slurm``; ``local`` or ``debug`` to try it out without a Slurm.
        partition: the partition, or null for the cluster's default.
        minutes: time limit of each run; a run that reaches it goes on in a new job.
        memory_gb: memory of each run in gigabytes.

    Raises:
        InputError: a value is out of range.
    """

    executor: str = "slurm"
    partition: str | None = None
    minutes: int = 1440
    memory_gb: int = 4

    def __post_init__(self) -> None:
        check_range("slurm", self, 1, ("minutes", "memory_gb"))
        if self.executor not in EXECUTORS:
            raise InputError(f"slurm.executor is {self.executor!r}, expected one of {', '.join(EXECUTORS)}")


@dataclass(frozen=True)
class CompareSettings:
    """One comparison.

    Attributes:
        suite: a suite that comes with nearsym, or the path of your own YAML file.
        out: the suite's folder, null for runs/<name of the suite>; with ``ray`` and ``slurm`` one that all nodes share.
        launcher: ``local`` processes, ``ray`` or ``slurm``.
        jobs: runs at the same time; null takes this machine's cores divided by threads, and on a cluster what it gives.
        threads: torch threads of each run.
        seeds_at_once: train all seeds of a network on a task in one process: narrow networks step by step together,
            wide ones one after the other, by code that is compiled once (docs/speed.md).
        retries: how often a run that fails is tried again, from its last checkpoint.
        dry_run: only list the commands.
        address: of a Ray cluster, such as ``auto`` or ``10.0.0.1:6379``; null starts Ray on this machine.
        slurm: what Slurm is asked for.
        trust: import the modules that the suite names from wherever they are; otherwise only from the current folder.

    Raises:
        InputError: a value is out of range.
    """

    suite: str | None = None
    out: str | None = None
    launcher: str = "local"
    jobs: int | None = None
    threads: int = 1
    seeds_at_once: bool = False
    retries: int = 1
    dry_run: bool = False
    address: str | None = None
    slurm: SlurmSettings = field(default_factory=SlurmSettings)
    trust: bool = False

    def __post_init__(self) -> None:
        check_range("", self, 1, ("threads",), MOST_THREADS)
        check_range("", self, 0, ("retries",))
        if self.jobs is not None:
            check_range("", self, 1, ("jobs",))
        if self.launcher not in LAUNCHERS:
            raise InputError(f"launcher is {self.launcher!r}, expected one of {', '.join(LAUNCHERS)}")
        if self.address is not None and self.launcher != "ray":
            raise InputError(
                f"address={self.address} is of a Ray cluster, and launcher={self.launcher}; add launcher=ray"
            )
