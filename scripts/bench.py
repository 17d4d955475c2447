"""`nearsym bench`: our SAC beside stock stable-baselines3, and what pixels cost."""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from rich.table import Table

from nearsym.agents.report.rendering.learning_figure import draw_learning
from nearsym.agents.runs.benchmark import STOCK, compare_learning, compare_speed
from nearsym.agents.runs.console import print_table
from nearsym.agents.runs.environment_benchmark import COUNTS, simulators, time_loop, time_stepping
from nearsym.agents.runs.freed_memory import keep_freed_memory
from nearsym.agents.runs.pixel_benchmark import (
    PLANES,
    Timing,
    replay_bytes_per_step,
    time_drawing,
    time_encoders,
    time_updates,
)
from nearsym.agents.runs.settings import BenchSettings
from nearsym.envs.vector.worthwhile import busy, cores

from .compose import compose
from .help import command_help


def run(arguments: list[str]) -> int:
    """Time training steps, or draw learning curves."""
    settings = compose("bench", BenchSettings, arguments)
    if settings.what == "speed":
        _speed(settings)
    elif settings.what == "learning":
        _learning(settings)
    elif settings.what == "environments":
        _environments(settings)
    else:
        _pixels(settings)
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "bench",
        BenchSettings,
        f"nearsym bench: our SAC beside {STOCK}, in speed or in learning, under equal conditions",
        "nearsym bench what=learning env=Pendulum-v1 network=plain total_steps=10000 out=docs/results/pendulum",
        ("env", "agent", "network"),
    )


def _speed(settings: BenchSettings) -> None:
    table = Table(
        title=f"{settings.env.id}, width {settings.network.width}, batch {settings.agent.batch_size}, "
        f"{settings.threads} thread(s)",
        title_justify="left",
    )
    for column in ("SAC", "steps/s", "ratio to stock"):
        table.add_column(column, justify="right")
    for result in compare_speed(settings.training(0), settings.steps, settings.rounds):
        table.add_row(result.name, f"{result.steps_per_second:.1f}", f"{result.ratio:.2f}")
    print_table(table)


def _pixels(settings: BenchSettings) -> None:
    torch.set_num_threads(settings.threads)
    keep_freed_memory()  # as in training
    batch, frames, updates = settings.agent.batch_size, settings.steps, 1
    for group in PLANES:
        title = f"encoder forward and backward, {group}, batch {batch}, {settings.threads} thread(s)"
        _timings(title, "plain", time_encoders(group, batch, settings.rounds))
    _timings(f"drawing {frames} frames", "the suite", time_drawing(frames, settings.rounds))
    _timings("a DrQ-v2 update at full size, D1", "plain", time_updates(updates, settings.rounds))
    for name, size in replay_bytes_per_step().items():
        print(f"replay: {size:,.0f} bytes a step in {name}'s buffer")


def _environments(settings: BenchSettings) -> None:
    for simulator in simulators(settings.env):
        table = Table(
            title=f"{simulator.name}, steps/s, {cores()} core(s), {busy():.1f} busy before", title_justify="left"
        )
        for column in ("environments", "in turn", "in processes", "ratio (quartiles)"):
            table.add_column(column, justify="right")
        for count in COUNTS:
            timed = time_stepping(simulator, count, settings.steps, settings.rounds)
            ratio = f"{timed.ratio:.2f} ({timed.quartiles[0]:.2f} to {timed.quartiles[1]:.2f})"
            table.add_row(str(count), f"{timed.in_turn:,.0f}", f"{timed.in_processes:,.0f}", ratio)
        print_table(table)
    table = Table(title="one step around an environment that does nothing", title_justify="left")
    for column in ("loop", "us, median", "us, least"):
        table.add_column(column, justify="right")
    for loop in time_loop():
        table.add_row(loop.name, f"{loop.microseconds:.1f}", f"{loop.least:.1f}")
    print_table(table)


def _timings(title: str, first: str, timings: list[Timing]) -> None:
    table = Table(title=title, title_justify="left")
    for column in ("", "seconds", f"ratio to {first}"):
        table.add_column(column, justify="right")
    for timing in timings:
        table.add_row(timing.name, f"{timing.seconds:.3f}", f"{timing.ratio:.2f}")
    print_table(table)


def _learning(settings: BenchSettings) -> None:
    out = Path(settings.out)
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
