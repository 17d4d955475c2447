"""What `nearsym discover` prints."""

from __future__ import annotations

from rich.table import Table

from nearsym.envs.auditing.tables import tables as audit_tables
from nearsym.envs.symmetry import symmetry_python

from .discover import Discovery, Found

NEARLY = {
    "exact": "nearly symmetric",
    "consistent": "consistent with the data",
    "approximate": "nearly symmetric: some elements are approximate",
}
"""What is said of a group that is not exact, by the verdict of its audit."""

SHOWN = 4
"""Singular values that are printed."""


def tables(found: Discovery, title: str) -> list[Table | str]:
    """The audit of each group that was found, and the code that declares it; what was seen besides as lines."""
    items: list[Table | str] = []
    if found.exact is not None:
        items += [*_group(found.exact, title, "exact"), ""]
    if found.nearly is not None:
        items += [*_group(found.nearly, title, NEARLY[found.nearly.report.verdict]), ""]
    if found.exact is None and found.nearly is None:
        items.append(f"{title}: no symmetry was found")
    items += [f"model:      {line}" for line in found.model]
    if len(found.singular):
        smallest = ", ".join(f"{value:.1g}" for value in found.singular[:SHOWN])
        held = f"{found.continuous} of a turn by any angle" if found.continuous else "none of a turn by any angle"
        items.append(f"continuous: {held}; smallest singular values {smallest} of the largest")
    return items + [f"note:       {note}" for note in found.notes]


def _group(found: Found, title: str, kind: str) -> list[Table | str]:
    group = found.symmetry.group
    size = f"{group.order} elements" if group.listed else f"{len(group.generators)} generators"
    return [
        f"{kind}: {group.name}, {size}; observations follow with a residual of {found.residual:.1g} of their spread",
        *audit_tables(found.report, title),
        "",
        "from nearsym import Symmetry",
        "",
        symmetry_python(found.symmetry),
    ]
