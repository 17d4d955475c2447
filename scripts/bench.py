"""`nearsym bench`: how fast everything is beside its peers, and learning curves beside stable-baselines3's."""

from __future__ import annotations

import csv
from pathlib import Path

from nearsym.agents.benchmarks.contenders import STOCK
from nearsym.agents.benchmarks.learning import compare_learning
from nearsym.agents.benchmarks.record import printed, write
from nearsym.agents.benchmarks.settings import LEARNING, BenchSettings
from nearsym.agents.benchmarks.suites import measure
from nearsym.agents.report.rendering.learning_figure import draw_learning
from nearsym.agents.runs.console import show

from .compose import compose
from .help import command_help


def run(arguments: list[str]) -> int:
    """Time a suite, or draw learning curves."""
    settings = compose("bench", BenchSettings, arguments)
    if settings.what == LEARNING:
        _learning(settings)
    else:
        _suite(settings, arguments)
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "bench",
        BenchSettings,
        f"nearsym bench: how fast everything is beside its peers, and learning beside {STOCK}'s",
        "nearsym bench what=sac env=Pendulum-v1 network.width=128 agent.batch_size=128 out=runs/bench-pendulum",
        ("env", "agent", "network"),
    )


def _suite(settings: BenchSettings, command: list[str]) -> None:
    tables = []
    path = None if settings.out is None else Path(f"{settings.out}.json")
    for table in measure(settings):
        tables.append(table)
        show([table.title, printed(table)])
        if path is not None:
            write(path, command, settings.threads, tables)
    if path is not None:
        print(f"written: {path}")


def _learning(settings: BenchSettings) -> None:
    out = Path(settings.out or "runs/bench")
    out.parent.mkdir(parents=True, exist_ok=True)
    path, figure = out.with_name(f"{out.name}.csv"), out.with_name(f"{out.name}.png")
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("sac", "seed", "step", "return"))
        for name, seed, step, value in compare_learning(settings):
            writer.writerow((name, seed, step, value))
            file.flush()
            print(f"{name}, seed {seed}, step {step:,}: return {value:.1f}", flush=True)
    draw_learning(path, settings.env.id, figure)
    print(f"written: {path}, {figure}")
