"""Errors a user can mend: what was got, what was expected, the way out."""

from __future__ import annotations


class InputError(ValueError):
    """Something the user gave cannot be used; the message is one sentence that says how to mend it.

    The command line prints the message of any `InputError` on one line and exits with code 2.
    """


class SymmetryError(InputError):
    """A declared symmetry is not one, or does not fit what it is declared for."""
