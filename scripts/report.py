"""`nearsym report`: what a comparison shows, as one page, as Markdown, and as numbers."""

from __future__ import annotations

from pathlib import Path

from nearsym.agents.report.loading import read_comparison
from nearsym.agents.report.rendering.files import FILES, write_report
from nearsym.agents.report.settings import ReportSettings
from nearsym.envs.errors import InputError

from .compose import compose, with_key
from .help import command_help


def run(arguments: list[str]) -> int:
    """Report on the folder named by the first argument."""
    missing = "which comparison? give the folder that holds its runs first: nearsym report runs/x"
    settings = compose("report", ReportSettings, with_key(arguments, "folder", missing))
    source = Path(settings.folder)
    out = Path(settings.out) if settings.out else (source.with_suffix("") if source.is_file() else source) / "report"
    if out.exists() and not out.is_dir():
        raise InputError(f"out={out} is a file; give a folder")
    comparison = read_comparison(source, settings.unfinished)
    print(f"{len(comparison.records)} runs read")
    report = write_report(comparison, settings, out)
    if comparison.absent:
        print(f"not counted: {len(comparison.absent)} runs that failed or did not finish, listed in the report")
    for line in report.headline:
        print(line)
    differences = any(sentence.difference for sentence in report.sentences)
    for sentence in report.sentences:
        if sentence.difference or not sentence.where or not differences:
            print(f"{sentence.where}: {sentence.text}" if sentence.where else sentence.text)
    if differences:
        print("comparisons without a clear difference are in the report")
    print(f"written: {', '.join(str(out / name) for name in FILES)}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "report",
        ReportSettings,
        "nearsym report: learning curves, comparisons with intervals and a verdict, from a folder of runs",
        "nearsym report runs/x out=runs/x-report",
    )
