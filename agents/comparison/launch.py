"""Launching the runs of a suite: one loop for processes, a Ray cluster and Slurm."""

from __future__ import annotations

import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from .ledger import Ledger
from .run_member import Order
from .settings import CompareSettings
from .status import FINISHED, RUNNING, WAITING, Status, read_status

POLL = 0.2
"""Seconds between two questions whether a run has ended."""

LOOK = 1.0
"""Seconds between two looks at the statuses of running ones."""


class Pool(Protocol):
    """Where runs are carried out."""

    def submit(self, orders: Sequence[Order]) -> None:
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


def orders_of(ledger: Ledger, settings: CompareSettings) -> list[Order]:
    """An order for every run of a suite.

    Args:
        ledger: of the suite.
        settings: of the comparison.
    """
    launch, here = uuid.uuid4().hex, str(Path.cwd())
    return [
        Order(member, str(ledger.out), here, launch, settings.retries, settings.threads) for member in ledger.members
    ]


def states_at_start(orders: Sequence[Order], ledger: Ledger) -> dict[str, Status]:
    """What is finished already; all else waits. Seconds spent before are kept.

    Args:
        orders: every run.
        ledger: of the suite.
    """
    states, before = {}, ledger.seconds()
    for order in orders:
        path = order.member.path
        seconds = max(read_status(order.status).seconds, before.get(path, 0.0))
        states[path] = Status(FINISHED if order.finished() else WAITING, seconds, "", order.launch)
    return states


def launch(
    orders: Sequence[Order],
    states: Mapping[str, Status],
    ledger: Ledger,
    pool: Pool,
    limit: int | None,
    watcher: Watcher,
) -> dict[str, Status]:
    """Carry out what is not finished, and keep suite.json up to date all the while.

    Args:
        orders: every run.
        states: from `states_at_start`.
        ledger: of the suite, opened.
        pool: where to carry them out.
        limit: runs at the same time, None for as many as the pool takes.
        watcher: shows progress.

    Returns:
        The last status of every run. Interrupted ones, also after an exception such as Ctrl-C, wait in suite.json.
    """
    states = dict(states)
    queue = deque(order for order in orders if states[order.member.path].state != FINISHED)
    active: dict[str, Order] = {}
    looked = -LOOK
    try:
        while queue or active:
            free = len(queue) if limit is None else min(limit - len(active), len(queue))
            if free > 0:
                batch = [queue.popleft() for _ in range(free)]
                active.update({order.member.path: order for order in batch})
                pool.submit(batch)
            for path, status in pool.ended().items():
                states[path] = status
                del active[path]
                watcher.ended(path, status)
                looked = -LOOK
            if time.monotonic() - looked >= LOOK:
                looked = time.monotonic()
                states.update({path: _seen(order) for path, order in active.items()})
                ledger.write(states)
                watcher.show(states)
            time.sleep(POLL)
    finally:
        pool.stop()
        states.update({path: replace(_seen(order), state=WAITING) for path, order in active.items()})
        ledger.write(states)
    return states


def _seen(order: Order) -> Status:
    """The status of a run that was submitted: one of another launch is out of date, but for the time it took."""
    status = read_status(order.status)
    running = status.launch == order.launch and status.state == RUNNING
    return Status(RUNNING if running else WAITING, status.seconds, "", order.launch)
