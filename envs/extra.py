"""Optional packages, imported only where they are needed."""

from __future__ import annotations

import importlib
from typing import Any

from .errors import InputError


def extra(module: str, name: str, what: str, instead: str = "") -> Any:
    """A module of an optional package, such as ``skfolio.datasets``.

    Args:
        module: its name.
        name: of the extra that installs it.
        what: needs it.
        instead: what does without it, if something does.

    Raises:
        InputError: it is not installed, or its installation is broken.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        other = f"; or use {instead}" if instead else ""
        raise InputError(
            f"{module} cannot be imported ({error}); {what} needs it: pip install 'nearsym[{name}]'{other}"
        ) from error
