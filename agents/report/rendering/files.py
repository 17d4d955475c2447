"""The folder of a report: a page, Markdown, figures, estimates, and the evaluations it is made of."""

from __future__ import annotations

from pathlib import Path

from nearsym.envs.atomic_file import write_atomic

from ..evaluations_file import NAME, write_evaluations
from ..records import Comparison
from ..settings import ReportSettings
from ..statistics import Summary, summarise
from ..verdict import verdict
from .figures import drawings
from .page import Report, html, markdown
from .tables import absent_table, comparisons, costs, estimates_csv, results

FILES = ("report.html", "report.md", "report.csv", NAME)
"""What a report consists of, beside a figure each in a file of its own."""


def write_report(comparison: Comparison, settings: ReportSettings, out: Path) -> Report:
    """Make the report of a comparison.

    Args:
        comparison: from `read_comparison`.
        settings: of the report.
        out: its folder, made when it is not there.

    Raises:
        InputError: see `summarise`.
    """
    summary = summarise(comparison, settings)
    report = _report(comparison, summary, settings)
    out.mkdir(parents=True, exist_ok=True)
    for drawing in report.drawings:
        write_atomic(out / f"{drawing.name}.svg", drawing.svg)
    contents = (html(report), markdown(report), estimates_csv(summary), write_evaluations(comparison))
    for name, content in zip(FILES, contents, strict=True):
        write_atomic(out / name, content)
    return report


def _report(comparison: Comparison, summary: Summary, settings: ReportSettings) -> Report:
    runs, conditions, networks = len(comparison.records), len(summary.conditions), len(summary.networks)
    found = verdict(summary, settings.level)
    compared = comparisons(summary, settings.level, found.clear)
    named = "condition" if conditions == 1 else "conditions"
    return Report(
        name=comparison.name,
        about=f"{runs} runs: {networks} networks, {conditions} {named} (a task with a perturbation or "
        f"without). Intervals: {settings.level:.0%}, by Student's t over seeds.",
        absent=absent_table(comparison.absent, Path(settings.folder)) if comparison.absent else None,
        headline=found.headline,
        first=[table for table in (results(summary, settings.level), compared) if table.rows],
        sentences=found.sentences,
        drawings=drawings(summary, settings.level),
        last=[table for table in (costs(summary),) if table.rows],
        notes=summary.notes,
    )
