"""A process that dies with the one that started it, and never works on a run beside another one."""

from __future__ import annotations

import sys
from pathlib import Path

from nearsym.agents.runs.lock import take_lock
from nearsym.envs.errors import InputError
from nearsym.envs.orphans import die_with_parent

PATIENCE = 30.0
"""Seconds to wait for a lock: the former owner may be dying."""


def guard(lock: Path) -> None:
    """Take the run's lock, and die as soon as whoever started this process is gone (`die_with_parent`).

    Raises:
        InputError: another process holds the lock for longer than it takes to die.
    """
    die_with_parent()
    try:
        take_lock(lock, PATIENCE, "another process is still working on this run; stop it, or wait for it")
    except InputError as error:
        sys.exit(f"nearsym: {error}")
