"""Tables of timings as they are printed and as they are saved."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from rich.table import Table as Printed

from nearsym.envs.atomic_file import write_atomic

from .timing import Row, Table, quartiles


def printed(table: Table) -> Printed:
    """Medians over rounds with quartiles, and ratios to the first row; the title is printed before it."""
    shown = Printed()
    columns = ("", table.unit, f"ratio to {table.peer}", *(("",) if any(row.state for row in table.rows) else ()))
    for column in columns:
        shown.add_column(column, justify="right" if column else "left")
    for row in table.rows:
        cells = (row.name, _spread(row.values, _short), _spread(row.ratios, "{:.2f}".format), row.state)
        shown.add_row(*cells[: len(columns)])
    return shown


def write(path: Path, command: Sequence[str], threads: int, tables: Sequence[Table]) -> None:
    """Save tables with every round, the machine and the command that measured them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {
        "command": " ".join(["nearsym bench", *command]),
        "machine": machine(threads),
        "tables": [
            {
                "title": table.title,
                "unit": table.unit,
                "peer": table.peer,
                "conditions": table.conditions,
                "rows": [_saved(row) for row in table.rows],
            }
            for table in tables
        ],
    }
    write_atomic(path, json.dumps(found, indent=1) + "\n")


def machine(threads: int) -> dict[str, Any]:
    """What timings depend on beside the code."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "threads": threads,
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "numpy", "stable_baselines3", "gymnasium")},
    }


def _saved(row: Row) -> dict[str, Any]:
    low, median, high = quartiles(row.values)
    low_ratio, ratio, high_ratio = quartiles(row.ratios)
    return {
        "name": row.name,
        "state": row.state,
        "median": median,
        "quartiles": [low, high],
        "ratio": ratio,
        "ratio_quartiles": [low_ratio, high_ratio],
        "values": row.values,
        "ratios": row.ratios,
    }


def _cpu() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def _spread(values: tuple[float, ...], form: Any) -> str:
    low, median, high = quartiles(values)
    return form(median) if len(values) == 1 else f"{form(median)} [{form(low)}, {form(high)}]"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
