"""`nearsym report`: what a comparison shows, as one page, as Markdown, and as numbers."""

from __future__ import annotations

from pathlib import Path

from nearsym.agents.report import evaluations_file
from nearsym.agents.report.loading import read_comparison
from nearsym.agents.report.records import Comparison
from nearsym.agents.report.rendering.figures import drawings
from nearsym.agents.report.rendering.page import Report, html, markdown
from nearsym.agents.report.rendering.tables import absent_table, numbers_csv, tables
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.report.statistics import Summary, summarise
from nearsym.agents.report.verdict import verdict
from nearsym.agents.run import write_atomic
from nearsym.envs.errors import InputError

from .compose import compose
from .help import command_help


def run(words: list[str]) -> int:
    """Report on the folder named by the first word."""
    if words and "=" not in words[0]:
        words = [f"folder='{words[0]}'", *words[1:]]
    elif not any(word.startswith("folder=") for word in words):
        raise InputError("which comparison? give the folder that holds its runs first: nearsym report runs/x")
    settings = compose("report", ReportSettings, words)
    source = Path(settings.folder)
    out = Path(settings.out) if settings.out else (source.with_suffix("") if source.is_file() else source) / "report"
    if out.exists() and not out.is_dir():
        raise InputError(f"out={out} is a file; give a folder")
    comparison = read_comparison(source, settings.unfinished)
    print(f"{len(comparison.records)} runs read; {settings.resamples:,} resamples behind each interval")
    summary = summarise(comparison, settings)
    report = _report(comparison, summary, settings)
    out.mkdir(parents=True, exist_ok=True)
    for drawing in report.drawings:
        write_atomic(out / f"{drawing.name}.svg", drawing.svg)
    write_atomic(out / evaluations_file.NAME, evaluations_file.write_evaluations(comparison))
    write_atomic(out / "report.csv", numbers_csv(summary))
    write_atomic(out / "report.md", markdown(report))
    write_atomic(out / "report.html", html(report))
    if report.absent is not None:
        print(f"not counted: {len(comparison.absent)} runs that failed or did not finish, listed in the report")
    called = any(sentence.called for sentence in report.sentences)
    for sentence in report.sentences:
        if sentence.called or not sentence.where or not called:
            print(f"{sentence.where}: {sentence.text}" if sentence.where else sentence.text)
    if called:
        print("what could not be told apart is in the report")
    files = ("report.html", "report.md", "report.csv", evaluations_file.NAME)
    print(f"written: {', '.join(str(out / name) for name in files)}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "report",
        ReportSettings,
        "nearsym report: learning curves, comparisons with intervals and a verdict, from a folder of runs",
        "nearsym report runs/x out=runs/x-report",
    )


def _report(comparison: Comparison, summary: Summary, settings: ReportSettings) -> Report:
    runs, conditions, networks = len(comparison.records), len(summary.conditions), len(summary.networks)
    worlds = "world" if conditions == 1 else "worlds"
    return Report(
        name=comparison.name,
        about=f"{runs} runs: {networks} networks, {conditions} {worlds}. Intervals cover {settings.level:.0%}, from "
        f"{settings.resamples:,} stratified bootstrap resamples of whole runs (rliable).",
        absent=absent_table(comparison.absent, Path(settings.folder)) if comparison.absent else None,
        sentences=verdict(summary, settings.level),
        drawings=drawings(summary, settings.level),
        tables=tables(summary, settings.level),
        notes=summary.notes,
    )
