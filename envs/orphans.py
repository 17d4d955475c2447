"""A process that does not outlive the one that started it."""

from __future__ import annotations

import os
import signal
import threading


def die_with_parent() -> None:
    """Die as soon as whoever started this process is gone, however it went.

    Standard input is a pipe that the parent keeps open and never writes to: its end of file is the parent's end, on
    every system and after SIGKILL too, whatever this process is doing then.
    """
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    while True:
        try:
            if not os.read(0, 1):
                os.kill(os.getpid(), signal.SIGKILL)
        except OSError:
            return  # no standard input to watch
