"""Suites of timings, one file each.

A suite is a module here with a function ``measure(settings: BenchSettings) -> Iterator[Table]``, which has contenders
take turns (`take_turns`), the peer first. Its name is that of the file, and `nearsym bench what=<name>` runs it.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nearsym.agents.benchmarks.settings import BenchSettings
    from nearsym.agents.benchmarks.timing import Table

SUITES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
"""Names of all suites."""


def measure(settings: BenchSettings) -> Iterator[Table]:
    """The tables of the suite that the settings name, each as soon as it is measured."""
    tables: Iterator[Table] = import_module(f"{__name__}.{settings.what}").measure(settings)
    yield from tables
