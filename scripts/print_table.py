"""Tables of numbers on standard output."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

WIDEST = 1000
"""Columns that no table of ours needs."""


def print_table(table: Table) -> None:
    """Print a table; into a file or a pipe as wide as it is, so that no number is cut."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, Console(width=WIDEST).measure(table).maximum)
    console.print(table)
