"""`nearsym envs`: the catalogue, measured if asked for."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.progress import track

from nearsym.envs import catalogue
from nearsym.envs.catalogue_tables import audit_entry, listed, measured
from nearsym.envs.errors import InputError

from .compose import compose
from .help import command_help


@dataclass(frozen=True)
class EnvsSettings:
    """The catalogue.

    Attributes:
        samples: audit every environment with this many samples and show the largest errors; 0 only lists them.

    Raises:
        InputError: a negative number.
    """

    samples: int = 0

    def __post_init__(self) -> None:
        if self.samples < 0:
            raise InputError(f"samples is {self.samples}, expected a number >= 0")


def run(arguments: list[str]) -> int:
    """Print the catalogue."""
    settings = compose("envs", EnvsSettings, arguments)
    console = Console(highlight=False)
    entries = catalogue()
    if settings.samples:
        audits = ((entry, audit_entry(entry, settings.samples)) for entry in entries)
        shown = track(audits, "measuring", len(entries), console=console, disable=not console.is_terminal)
        console.print(measured(shown, settings.samples))
    else:
        console.print(listed(entries))
    print(
        "Trading on real prices: env=trading/portfolio or env=trading/shares; see nearsym data sp500\n"
        "Any gymnasium id with continuous actions works too: env=MountainCarContinuous-v0 network=plain\n"
        "Your own, from the folder of my_file.py:            env=my_file:MyEnv symmetry=my_file:symmetry"
    )
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "envs",
        EnvsSettings,
        "nearsym envs: list the environments whose symmetry comes with nearsym",
        "nearsym envs samples=100",
    )
