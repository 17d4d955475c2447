"""Asking on a terminal whether a module from elsewhere may be imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from nearsym.agents.comparison.settings import CompareSettings
from nearsym.agents.exporting.settings import ExportSettings
from nearsym.agents.runs.play import PlaySettings
from nearsym.agents.runs.settings import AuditSettings, EvaluateSettings, TradeSettings, TrainSettings
from nearsym.agents.runs.trust import UntrustedError, trusted_settings
from nearsym.agents.tuning.settings import TuneSettings

Settings = TypeVar(
    "Settings",
    EvaluateSettings,
    AuditSettings,
    TradeSettings,
    CompareSettings,
    ExportSettings,
    PlaySettings,
    TuneSettings,
)
Found = TypeVar("Found")


def asked(settings: Settings, read: Callable[[bool], Found]) -> tuple[Settings, Found]:
    """What is read of a saved run or a suite, and the settings, with `trust` when a person at the terminal says so.

    Args:
        settings: of the command.
        read: takes whether modules may come from anywhere, and raises UntrustedError.

    Raises:
        UntrustedError: there is no terminal to ask at, or the answer is no.
    """
    try:
        return settings, read(settings.trust)
    except UntrustedError as error:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise
        answer = input(f"{error.question}. Importing it runs its code. Import it? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            raise
    return replace(settings, trust=True), read(True)


def trusted(settings: Settings, folder: Path) -> tuple[Settings, TrainSettings]:
    """The settings of a command on a run, and those of the run; see `trusted_settings`."""
    return asked(settings, lambda trust: trusted_settings(folder, trust))
