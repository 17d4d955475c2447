"""A lock that is gone with the process that holds it, however it ended."""

from __future__ import annotations

import errno
import fcntl
import time
from pathlib import Path
from typing import IO

from nearsym.envs.errors import InputError

UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
"""Some shared file systems lock nothing; there nobody is kept out."""


def take_lock(path: Path, patience: float, taken: str) -> IO[str]:
    """Lock a file for as long as this process lives, or the returned file is open.

    Args:
        path: the file; made when it is not there.
        patience: seconds to wait for another owner.
        taken: what to say when it is still there.

    Raises:
        InputError: another process holds the lock.
    """
    file = path.open("a+")
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in UNSUPPORTED:
                return _kept(file)
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            if time.monotonic() > deadline:
                file.close()
                raise InputError(taken) from error
            time.sleep(0.2)
        else:
            return _kept(file)


_open: list[IO[str]] = []


def _kept(file: IO[str]) -> IO[str]:
    _open[:] = [one for one in _open if not one.closed]
    _open.append(file)  # a file nobody refers to is closed, and its lock gone
    return file
