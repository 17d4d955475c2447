"""The environments whose symmetry comes with nearsym, as tables: what is declared, and what is measured."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table

from .auditing import AuditReport, audit
from .family import Entry
from .registry import family_of, make


def listed(entries: Iterable[Entry]) -> Table:
    """Group, sizes and meaning of each declared symmetry."""
    table = Table(title="environments with a declared symmetry", title_justify="left")
    for column in ("id", "group", "holds", "obs.", "act.", "what the group does"):
        table.add_column(column, no_wrap=column == "id")
    for entry in entries:
        symmetry = entry.symmetry
        sizes = (str(symmetry.observation.dim), str(symmetry.action.dim))
        holds = "exactly" if entry.exact else "nearly"
        table.add_row(entry.id, symmetry.group.name, holds, *sizes, entry.about)
    return table


def measured(audits: Iterable[tuple[Entry, AuditReport]], samples: int) -> Table:
    """Verdict and largest errors of each."""
    table = Table(title=f"largest errors over {samples} samples", title_justify="left")
    for column in ("id", "verdict", "obs.", "ε_R", "ε_P", "a step"):
        table.add_column(column, no_wrap=True)
    for entry, report in audits:
        errors = (report.observation_error, report.epsilon_reward, report.epsilon_transition, report.scales.transition)
        table.add_row(entry.id, report.verdict, *(f"{error:.0e}" if error else "0" for error in errors))
    return table


def audit_entry(entry: Entry, samples: int) -> AuditReport:
    """Audit one entry of the catalogue, in full precision where it offers a choice."""
    env = make(entry.id, **family_of(entry.id).precise)
    report = audit(env, samples=samples)
    env.close()
    return report
