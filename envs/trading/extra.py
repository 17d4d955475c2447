"""The packages of the extra `trading`, imported only where they are needed."""

from __future__ import annotations

from functools import partial
from importlib import metadata

from nearsym.envs.extra import extra as optional

extra = partial(optional, name="trading", what="trading")
"""A module of one of them, such as ``pandas``."""


def version(name: str) -> str | None:
    """Of a package; None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
