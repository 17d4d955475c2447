"""Runs as processes of this machine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from .jobs import Job, carry_out
from .status import Status


class LocalPool:
    """Each run in processes of its own, each watched by a thread of this one.

    Args:
        jobs: runs at the same time.
    """

    def __init__(self, jobs: int) -> None:
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(jobs)
        self._futures: dict[str, Future[Status]] = {}

    def submit(self, jobs: Sequence[Job]) -> None:
        """Start runs."""
        for job in jobs:
            self._futures[job.spec.path] = self._threads.submit(carry_out, job, self._stop.is_set)

    def ended(self) -> dict[str, Status]:
        """Runs that have ended since the last call."""
        done = [path for path, future in self._futures.items() if future.done()]
        return {path: self._futures.pop(path).result() for path in done}

    def stop(self) -> None:
        """End the processes, and wait until they have."""
        self._stop.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
