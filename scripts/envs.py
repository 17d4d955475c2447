"""`nearsym envs`: the catalogue."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from nearsym.envs import catalogue
from nearsym.envs.symmetry import InputError, Representation


def run(words: list[str]) -> int:
    """Print the catalogue."""
    if words:
        raise InputError(f"nearsym envs takes no arguments, got {' '.join(words)}")
    table = Table(title="environments with a declared symmetry", title_justify="left")
    for column in ("id", "group", "holds", "obs.", "act.", "what the group does"):
        table.add_column(column, no_wrap=column == "id")
    for entry in catalogue():
        symmetry = entry.symmetry
        seen = symmetry.observation
        size = seen.dim if isinstance(seen, Representation) else sum(rep.dim for rep in seen.values())
        group = symmetry.group
        table.add_row(
            entry.id,
            group.name,
            "exactly" if entry.exact else "nearly",
            str(size),
            str(symmetry.action.dim),
            entry.about,
        )
    Console(highlight=False).print(table)
    print(
        "Any gymnasium id with continuous actions works too: env=MountainCarContinuous-v0 network=plain\n"
        "Your own, from the folder of my_file.py:            env=my_file:MyEnv symmetry=my_file:symmetry"
    )
    return 0


def usage() -> str:
    """Help text."""
    return "nearsym envs: list the environments whose symmetry comes with nearsym; takes no keys"
