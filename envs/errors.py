"""Errors a user can mend: what was got, what was expected, the way out, and the name that may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


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
    known = list(known)
    close = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    if not close:
        tails = {key.rpartition(".")[2]: key for key in known}
        close = [tails[tail] for tail in difflib.get_close_matches(name.rpartition(".")[2], tails, n=1, cutoff=0.5)]
    return f" (did you mean {close[0]!r}?)" if close else ""
