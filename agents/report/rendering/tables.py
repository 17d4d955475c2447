"""The tables of a report, as text in cells, and all its estimates as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from ..contrasts import DIFFERENCE, IMPROVEMENT, RATIO, Pair, pairs
from ..diagnostics import PARAMETERS, SECONDS
from ..estimates import Estimate
from ..learning import AREA, FINAL, IQM, STEPS
from ..records import Absent
from ..robustness import NOISE_AREA
from ..statistics import Summary
from ..verdict import FEWEST, Clear, effect, interval

NOTHING = "–"

RESULTS = {
    FINAL: "final return",
    IQM: "final, IQM",
    AREA: "over training",
    STEPS: "steps to threshold",
    NOISE_AREA: "under noise",
}
"""What is shown of every network, and the heading it has."""


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


def results(summary: Summary, level: float) -> Table:
    """Every network on every condition."""
    rows = []
    for condition in summary.conditions:
        for network in [one for one in summary.networks if one in condition.returns]:
            found = [summary.estimates.one(q, where=condition.label, network=network) for q in RESULTS]
            cells = [_steps(n) if q == STEPS else _cell(n, ".1f") for q, n in zip(RESULTS, found, strict=True)]
            rows.append((condition.label, network, str(len(condition.returns[network])), *cells))
    return Table(
        "Results",
        f"Means over seeds with {level:.0%} intervals (Student's t). IQM: interquartile mean; far from the mean where "
        "a seed or two ended far from the others. Return over training: area under the learning curve from the first "
        "evaluation after learning starts, divided by the steps from there. Steps to threshold: median over seeds, "
        "between order statistics. Under noise: area under return against noise, divided by the range of noise.",
        ("task", "network", "seeds", *RESULTS.values()),
        rows,
    )


def comparisons(summary: Summary, level: float, clear: Clear) -> Table:
    """Every pair of networks that is compared, in groups of conditions and on each."""
    rows = []
    places = [*summary.groups, *(c.label for c in summary.conditions if c.label not in summary.groups)]
    for where in places:
        for pair in pairs(summary.networks, summary.against):
            cells = [_compared(summary, clear, measure, where, pair) for measure in (FINAL, AREA, NOISE_AREA)]
            of_pair = {"where": where, "network": pair[0], "against": pair[1]}
            chance, steps = (
                summary.estimates.one(q, **of_pair) for q in (f"{FINAL}, {IMPROVEMENT}", f"{STEPS}, {RATIO}")
            )
            if any(cell != NOTHING for cell in cells):
                row = (f"{pair[0]} against {pair[1]}", cells[0], _cell(chance, ".2f"), *cells[1:], _cell(steps, ".2f"))
                rows.append((where, *row))
    looked_at = " and ".join(summary.groups)
    return Table(
        "Comparisons",
        f"With {level:.0%} intervals, each for itself. Bold: a clear difference by the verdict, which is about "
        f"{looked_at}; it holds after Holm's correction for all comparisons there, with at least {FEWEST} seeds on "
        "either side. Ratios of returns; or with a sign, where returns can be negative, differences of normalised "
        "scores. Steps: ratio of medians, below 1 is faster; none where the median seed of either never gets there.",
        (
            "tasks",
            "networks",
            "final return",
            "probability of improvement",
            "return over training",
            "return under noise",
            "steps to threshold, ratio",
        ),
        rows,
    )


def costs(summary: Summary) -> Table:
    """Seconds and parameters."""
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


def estimates_csv(summary: Summary) -> str:
    """Every estimate with its interval, one a row."""
    text = io.StringIO()
    names = [field.name for field in fields(Estimate)]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for estimate in summary.estimates:
        writer.writerow([_raw(getattr(estimate, name)) for name in names])
    return text.getvalue()


def _compared(summary: Summary, clear: Clear, measure: str, where: str, pair: Pair) -> str:
    """How far two networks are apart, bold where that is clear."""
    apart = summary.estimates.one(f"{measure}, {DIFFERENCE}", where=where, network=pair[0], against=pair[1])
    if apart is None:
        return NOTHING
    shown = effect(summary.estimates, measure, where, pair) or NOTHING
    return ("*" if clear(apart) else "") + shown.removesuffix(" times").removesuffix(" of the scale")


def _cell(estimate: Estimate | None, spec: str) -> str:
    return NOTHING if estimate is None or math.isnan(estimate.value) else interval(estimate, spec)


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
