"""The packages of the extra `trading`, imported only where they are needed."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import Any

from nearsym.envs.errors import InputError


def extra(name: str) -> Any:
    """A module of an optional package, such as ``pandas`` or ``skfolio.datasets``.

    Raises:
        InputError: it is not installed, or its installation is broken.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            f"{name} cannot be imported ({error}); trading needs it: pip install 'nearsym[trading]'"
        ) from error


def version(name: str) -> str | None:
    """Of a package; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
