"""Launching the runs of a suite: one loop for processes, a Ray cluster and Slurm."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from nearsym.agents.runs.many_seeds import check_alike
from nearsym.agents.runs.settings import TrainSettings

from .jobs import Job
from .settings import CompareSettings
from .status import FINISHED, RUNNING, WAITING, Status, read_status
from .suite import RunSpec
from .suite_folder import SuiteFolder

POLL = 0.2
"""Seconds between two questions whether a run has ended."""

LOOK = 1.0
"""Seconds between two looks at the statuses of running ones."""


class Pool(Protocol):
    """Where runs are carried out."""

    def submit(self, jobs: Sequence[Job]) -> None:
        """Start runs, or queue them."""

    def ended(self) -> dict[str, Status]:
        """Path and last status of the runs that have ended since the last call."""

    def stop(self) -> None:
        """End what still runs, and let go of everything."""


class Watcher(Protocol):
    """Shows a comparison to whoever watches it."""

    def show(self, states: Mapping[str, Status]) -> None:
        """Every second: the status of every run."""

    def ended(self, path: str, status: Status) -> None:
        """A run has ended."""


def jobs_of(folder: SuiteFolder, settings: CompareSettings, training: Mapping[str, TrainSettings]) -> list[Job]:
    """A job for every run of a suite.

    Args:
        folder: of the suite.
        settings: of the comparison.
        training: settings of every run, by its path.
    """
    launch, here = uuid.uuid4().hex, str(Path.cwd())
    # a worker asks nobody: what its run names is of the current folder, or the comparison was told to trust it
    specs = [replace(spec, evaluation=replace(spec.evaluation, trust=settings.trust)) for spec in folder.runs]
    jobs = [Job(spec, training[spec.path], str(folder.out), here, launch, settings.retries) for spec in specs]
    return [replace(job, companions=_companions(job, jobs)) for job in jobs] if settings.seeds_at_once else jobs


def _companions(job: Job, jobs: Sequence[Job]) -> tuple[tuple[RunSpec, TrainSettings], ...]:
    """The same run with other seeds.

    Raises:
        InputError: they cannot be trained together.
    """
    condition, _, _ = job.spec.path.rpartition("/")
    others = [other for other in jobs if other != job and other.spec.path.rpartition("/")[0] == condition]
    check_alike([job.training, *(other.training for other in others)])
    return tuple((other.spec, other.training) for other in others)


def states_at_start(jobs: Sequence[Job], folder: SuiteFolder) -> dict[str, Status]:
    """What is finished already; all else waits. Seconds spent before are kept.

    Args:
        jobs: every run.
        folder: of the suite.
    """
    states, before = {}, folder.seconds()
    for job in jobs:
        path = job.spec.path
        seconds = max(read_status(job.status).seconds, before.get(path, 0.0))
        states[path] = Status(FINISHED if job.finished() else WAITING, seconds, "", job.launch)
    return states


def launch(
    jobs: Sequence[Job],
    states: Mapping[str, Status],
    folder: SuiteFolder,
    pool: Pool,
    limit: int | None,
    watcher: Watcher,
) -> dict[str, Status]:
    """Carry out what is not finished, and keep suite.json up to date all the while.

    Args:
        jobs: every run.
        states: from `states_at_start`.
        folder: of the suite, opened.
        pool: where to carry them out.
        limit: runs at the same time, None for as many as the pool takes.
        watcher: shows progress.

    Returns:
        The last status of every run. Interrupted ones, also after an exception such as Ctrl-C, wait in suite.json.
    """
    states = dict(states)
    queue = [job for job in jobs if states[job.spec.path].state != FINISHED]
    active: dict[str, Job] = {}
    looked = -LOOK
    try:
        while queue or active:
            free = len(queue) if limit is None else min(limit - len(active), len(queue))
            batch = _ready(queue, active.values())[: max(0, free)]
            if batch:
                queue = [job for job in queue if job not in batch]
                active.update({job.spec.path: job for job in batch})
                pool.submit(batch)
            for path, status in pool.ended().items():
                states[path] = status
                watcher.ended(path, status)
                for companion in _finished_with(active.pop(path), queue):
                    queue.remove(companion)
                    own = companion.spec.path
                    states[own] = Status(FINISHED, read_status(companion.status).seconds, "", companion.launch)
                    watcher.ended(own, states[own])
                looked = -LOOK
            if time.monotonic() - looked >= LOOK:
                looked = time.monotonic()
                states.update({path: _status_of(job) for path, job in active.items()})
                folder.write(states)
                watcher.show(states)
            time.sleep(POLL)
    finally:
        pool.stop()
        states.update({path: replace(_status_of(job), state=WAITING) for path, job in active.items()})
        folder.write(states)
    return states


def _ready(queue: Sequence[Job], active: Iterable[Job]) -> list[Job]:
    """What can be started: of companions one at a time, for it trains the others."""
    busy, ready = {job.group for job in active}, []
    for job in queue:
        if job.group not in busy:
            busy.add(job.group)
            ready.append(job)
    return ready


def _finished_with(job: Job, queue: Sequence[Job]) -> list[Job]:
    """Companions of a job that has ended, which its process has carried out to the end."""
    return [other for other in queue if other.group == job.group and other.finished()]


def _status_of(job: Job) -> Status:
    """The status of a run that was submitted: one of another launch is out of date, but for the time it took."""
    status = read_status(job.status)
    running = status.launch == job.launch and status.state == RUNNING
    return Status(RUNNING if running else WAITING, status.seconds, "", job.launch)
