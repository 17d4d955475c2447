"""One faulty case: a command line, what lies in the folder it is given from, and what it may change there."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Prepare = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """A command to be given from a folder.

    Attributes:
        words: of the command line, after ``nearsym``.
        prepare: puts into the folder what is to lie there.
        about: what is wrong, in a few words.
        may_change: paths in the folder that the command is told to write, and what lies below them.
        goes_on: a run that the command is told to go on with, whose curve must stay what it was.
        long: what is asked for takes for ever, as it should: it is stopped early, and only what it prints counts.
        disk: bytes that a file may have, as on a full disk; None for a disk with room.
        capable: whether the superuser keeps the right to write where nobody may.
    """

    words: tuple[str, ...]
    prepare: Prepare
    about: str = ""
    may_change: tuple[str, ...] = ()
    goes_on: str | None = None
    long: bool = False
    disk: int | None = None
    capable: bool = True


def draw_for(kind: str, number: int) -> random.Random:
    """Random numbers of one case: a function of its kind and number alone."""
    return random.Random(f"{kind} {number}")
