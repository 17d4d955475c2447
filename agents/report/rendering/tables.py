"""The tables of a report, as text in cells, and all its estimates as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from ..contrasts import DIFFERENCE, IMPROVEMENT, RATIO, pairs
from ..diagnostics import PARAMETERS, SECONDS
from ..estimates import Estimate
from ..learning import AREA, FINAL, STEPS
from ..records import Absent
from ..robustness import NOISE_AREA
from ..statistics import Summary
from ..verdict import FEWEST, shows_difference

NOTHING = "–"


@dataclass(frozen=True)
class Table:
    """A table; a cell that begins with ``*`` is to be set in bold.

    Attributes:
        title: heading.
        caption: how to read it.
        head: names of its columns.
        rows: its cells.
    """

    title: str
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def absent_table(absent: Sequence[Absent], folder: Path) -> Table:
    """The runs of a comparison's folder that the report leaves out."""
    rows = [
        (one.state, one.task, one.network, str(one.seed), one.message, str(one.path.relative_to(folder)))
        for one in absent
    ]
    return Table(
        "Runs that are not counted",
        "A network whose runs fail more often than others' looks better here than it is.",
        ("state", "task", "network", "seed", "why", "folder"),
        rows,
    )


def tables(summary: Summary, level: float) -> list[Table]:
    """Results, comparisons and costs."""
    all_tables = [_results(summary, level), _comparisons(summary, level), _costs(summary)]
    return [table for table in all_tables if table.rows]


def estimates_csv(summary: Summary) -> str:
    """Every estimate with its interval, one a row."""
    text = io.StringIO()
    names = [field.name for field in fields(Estimate)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for estimate in summary.estimates:
        writer.writerow([_raw(getattr(estimate, name)) for name in names])
    return text.getvalue()


def _results(summary: Summary, level: float) -> Table:
    rows = []
    for condition in summary.conditions:
        for network in [one for one in summary.networks if one in condition.returns]:
            measures = (FINAL, AREA, STEPS, NOISE_AREA)
            found = [(one, summary.estimates.one(one, where=condition.label, network=network)) for one in measures]
            cells = [_steps(estimate) if one == STEPS else _cell(estimate, ".1f") for one, estimate in found]
            rows.append((condition.label, network, str(len(condition.returns[network])), *cells))
    return Table(
        "Results",
        f"Interquartile means with {level:.0%} intervals. Return over training: area under the learning curve "
        "from the first evaluation after learning starts, divided by the steps from there. Under noise: area under "
        "return against noise, divided by the range of noise.",
        (
            "task",
            "network",
            "seeds",
            "final return",
            "over training",
            "steps to threshold",
            "under noise",
        ),
        rows,
    )


def _comparisons(summary: Summary, level: float) -> Table:
    columns = (
        (f"{FINAL}, {DIFFERENCE}", "+.3f"),
        (f"{FINAL}, {IMPROVEMENT}", ".2f"),
        (f"{AREA}, {RATIO}", ".2f"),
        (f"{STEPS}, {RATIO}", ".2f"),
        (f"{NOISE_AREA}, {RATIO}", ".2f"),
    )
    rows = []
    places = [*summary.groups, *(c.label for c in summary.conditions if c.label not in summary.groups)]
    for where in places:
        for network, against in pairs(summary.networks, summary.against):
            estimates = [summary.estimates.one(q, where=where, network=network, against=against) for q, _ in columns]
            if any(estimates):
                cells = [
                    ("*" if n is not None and shows_difference(n) else "") + _cell(n, spec)
                    for n, (_, spec) in zip(estimates, columns, strict=True)
                ]
                rows.append((where, f"{network} against {against}", *cells))
    return Table(
        "Comparisons",
        f"With {level:.0%} intervals, bold where they exclude no difference and at least {FEWEST} seeds stand on "
        "either side. For steps, a ratio below 1 is better.",
        (
            "tasks",
            "networks",
            "final score, difference",
            "probability of improvement",
            "return over training, ratio",
            "steps to threshold, ratio",
            "return under noise, ratio",
        ),
        rows,
    )


def _costs(summary: Summary) -> Table:
    rows = []
    costs = summary.estimates.where(lambda estimate: estimate.quantity in (SECONDS, PARAMETERS))
    for where in costs.values("where"):
        for network in summary.networks:
            seconds, parameters = (costs.one(name, where=where, network=network) for name in (SECONDS, PARAMETERS))
            if seconds or parameters:
                rows.append((where, network, _range(seconds), _range(parameters)))
    return Table(
        "Seconds and parameters",
        "Median of the runs, smallest to largest in brackets: seconds of a run from start to end, as far as nearsym "
        "compare kept them, and trainable parameters, as far as there are checkpoints.",
        ("task", "network", "seconds a run", "parameters"),
        rows,
    )


def _cell(estimate: Estimate | None, spec: str) -> str:
    if estimate is None or math.isnan(estimate.value):
        return NOTHING
    ends = "" if math.isnan(estimate.low) else f" [{estimate.low:{spec}}, {estimate.high:{spec}}]"
    return f"{estimate.value:{spec}}{ends}"


def _steps(estimate: Estimate | None) -> str:
    if estimate is None:
        return NOTHING
    ends = (estimate.value, estimate.low, estimate.high)
    value, low, high = ("never" if math.isinf(n) else f"{n:,.0f}" for n in ends)
    return f"{value} [{low}, {high}]"


def _range(estimate: Estimate | None) -> str:
    if estimate is None:
        return NOTHING
    spread = f" [{estimate.low:,.0f}, {estimate.high:,.0f}]" if estimate.high > estimate.low else ""
    return f"{estimate.value:,.0f}{spread}"


def _raw(value: object) -> object:
    return "" if isinstance(value, float) and math.isnan(value) else value
