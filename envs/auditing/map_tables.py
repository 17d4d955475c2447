"""What an audit of a map prints."""

from __future__ import annotations

from rich.table import Table

from .maps import MapReport
from .tables import tables

LISTED = 8
"""Coordinates that are named of many."""


def map_lines(report: MapReport, title: str) -> list[Table | str]:
    """Its order, where it is not linear, a row for each coordinate that is off, and the audit of what it generates."""
    shown: list[Table | str] = [title]
    if report.order is None:
        shown.append("order:   doing it again and again never gives the identity")
    elif report.order == 1:
        shown.append("order:   it is the identity")
    else:
        shown.append(f"order:   {report.order}, done so often it is the identity")
    if report.order != 2 and report.returns:
        shown.append(f"         done twice it does not return {_some(report.returns)}")
    if report.nonlinear:
        shown.append(f"linear:  no, in {_some(report.nonlinear)}")
    if report.faults:
        table = Table(title=f"{len(report.faults)} coordinates disagree with the simulator", title_justify="left")
        for column in ("coordinate", "name", "error", "right would be"):
            table.add_column(column, justify="right" if column == "error" else "left")
        for fault in report.faults:
            table.add_row(f"{fault.part}[{fault.index}]", fault.name, f"{fault.error:.2g}", fault.hint or "-")
        shown.append(table)
    else:
        shown.append("every coordinate agrees with the simulator")
    if report.report is not None:
        shown += tables(report.report, "what it generates")
    else:
        shown.append(f"broken: it generates no symmetry: {report.reason}")
    return shown + [f"note:    {note}" for note in report.notes]


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return "; ".join(names[:LISTED]) + more
