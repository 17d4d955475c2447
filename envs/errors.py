"""Errors a user can mend: what was got, what was expected, the way out, and the name that may have been meant."""

from __future__ import annotations

import difflib
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path

INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
"""Where Python and installed packages lie."""

OURS = tuple(str(Path(__file__).parents[1] / folder) for folder in ("agents", "envs", "networks", "scripts"))
"""Where nearsym lies."""


class InputError(ValueError):
    """Something the user gave cannot be used; the message is one sentence that says how to mend it.

    The command line prints the message of any `InputError` on one line and exits with code 2.
    """


class SymmetryError(InputError):
    """A declared symmetry is not one, or does not fit what it is declared for."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`` (did you mean 'x'?)`` for the nearest known name, or nothing when none is near.

    A dotted key whose group was left out counts by its last part: ``lr_rate`` is near ``agent.learning_rate``.
    """
    name, known = str(name), list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if not close:
        tails = {key.rpartition(".")[2]: key for key in known}
        close = [tails[tail] for tail in difflib.get_close_matches(name.rpartition(".")[2], tails, n=1, cutoff=0.5)]
    return f" (did you mean {close[0]!r}?)" if close else ""


def first_line(error: BaseException) -> str:
    """The first line of what an error says, or its kind where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def told(error: BaseException) -> str:
    """What was raised in a user's code, and where: ``ZeroDivisionError: division by zero (my_file.py:12)``.

    The place is the innermost line that is the user's own; without one, the innermost line there is.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith((*INSTALLED, *OURS, "<"))]
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if not frames:
        return text
    frame = (own or frames)[-1]
    path = Path(frame.filename)
    return f"{text} ({path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}:{frame.lineno})"
