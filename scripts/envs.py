"""`nearsym envs`: the catalogue, measured if asked for."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.progress import track
from rich.table import Table

from nearsym.envs import AuditReport, Entry, audit, catalogue, family_of, make
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


def run(words: list[str]) -> int:
    """Print the catalogue."""
    settings = compose("envs", EnvsSettings, words)
    console = Console(highlight=False)
    entries = catalogue()
    if settings.samples:
        table = _measured(entries, settings.samples, console)
    else:
        table = _listed(entries)
    console.print(table)
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


def _listed(entries: list[Entry]) -> Table:
    table = Table(title="environments with a declared symmetry", title_justify="left")
    for column in ("id", "group", "holds", "obs.", "act.", "what the group does"):
        table.add_column(column, no_wrap=column == "id")
    for entry in entries:
        symmetry = entry.symmetry
        holds = "exactly" if entry.exact else "nearly"
        sizes = (str(symmetry.observation.dim), str(symmetry.action.dim))
        table.add_row(entry.id, symmetry.group.name, holds, *sizes, entry.about)
    return table


def _measured(entries: list[Entry], samples: int, console: Console) -> Table:
    table = Table(title=f"largest errors over {samples} samples", title_justify="left")
    for column in ("id", "verdict", "obs.", "ε_R", "ε_P", "a step"):
        table.add_column(column, no_wrap=True)
    for entry in track(entries, "measuring", console=console, disable=not console.is_terminal):
        report = measure(entry, samples)
        errors = (report.observation_error, report.epsilon_reward, report.epsilon_transition, report.scales.transition)
        table.add_row(entry.id, report.verdict, *(f"{error:.0e}" if error else "0" for error in errors))
    return table


def measure(entry: Entry, samples: int) -> AuditReport:
    """Audit one entry of the catalogue, in full precision where it offers a choice."""
    env = make(entry.id, **family_of(entry.id).precise)
    report = audit(env, samples=samples)
    env.close()
    return report
