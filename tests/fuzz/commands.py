"""Command lines: every command and every key, with values that seldom fit, and words that are no key at all."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from case import Case, draw_for
from places import RUN, SMALL, common, with_runs
from values import is_long, value

from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.comparison.settings import CompareSettings
from nearsym.agents.exporting.settings import ExportSettings, PushSettings
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.runs.play import PlaySettings
from nearsym.agents.runs.settings import AuditSettings, EvaluateSettings, TradeSettings, TrainSettings
from nearsym.agents.tuning.settings import TuneSettings
from nearsym.scripts.compose import defaults, options
from nearsym.scripts.data import DataSettings
from nearsym.scripts.discover import DiscoverSettings
from nearsym.scripts.envs import EnvsSettings
from nearsym.scripts.main import COMMANDS
from nearsym.scripts.walk import WalkSettings

SETTINGS = {
    "train": TrainSettings,
    "evaluate": EvaluateSettings,
    "audit": AuditSettings,
    "bench": BenchSettings,
    "compare": CompareSettings,
    "report": ReportSettings,
    "data": DataSettings,
    "envs": EnvsSettings,
    "trade": TradeSettings,
    "discover": DiscoverSettings,
    "export": ExportSettings,
    "push": PushSettings,
    "play": PlaySettings,
    "tune": TuneSettings,
    "walk": WalkSettings,
}
STARTS = {
    "train": (*SMALL, "total_steps=10", "run_dir=runs/new"),
    "evaluate": ("runs/a", "episodes=2"),
    "audit": ("env=mine:Fine", "samples=5"),
    "bench": ("what=replay", "rounds=1", "steps=1", "compile=false"),
    "compare": ("suite=suite.yaml", "out=out", "dry_run=true"),
    "report": ("runs",),
    "data": ("sp500",),
    "envs": (),
    "trade": ("runs/a",),
    "discover": ("env=mine:Fine", "samples=20"),
    "export": ("runs/a", "format=torch", "samples=0", "out=new"),
    "push": ("runs/a", "repo=me/new", "dry_run=true"),
    "play": ("runs/a", "out=new/film.mp4"),
    "tune": ("suite=suite.yaml", "out=out"),
    "walk": ("runs", "out=new"),
    "doctor": ("here",),  # alone it does half a minute's work
}
"""Words that make a command do little."""

OFTEN = ("train",) * 5 + ("evaluate", "audit", "compare", "report") * 2 + tuple(COMMANDS) + ("train",)
WORDS = ("", "=", "x", "x=", "=x", "--", "-x", "--x=1", "+seed=1", "++x=1", "~seed", "seed@x=1", "seed:=1", "a.b.c=1")
WORDS += ("env.kwargs.x=1", "env.kwargs=1", "network=", "env=", "agent=nothing", "perturbation=none", "hydra.run.dir=x")
WORDS += ("seeds=[0..3]", "seeds=[9..1]", "seeds=x", "trust=true", "--help", "resume=true", "--config-dir=/", "a b c")


@cache
def keys(command: str) -> tuple[str, ...]:
    """Of one command."""
    return tuple(defaults(command, SETTINGS[command])) if command in SETTINGS else ()


def case(number: int, made: Path) -> Case:
    """A command line."""
    draw = draw_for("commands", number)
    command = draw.choice(OFTEN)
    start = list(STARTS.get(command, ()))  # of a new command nothing is known yet
    if command == "train" and draw.random() < 0.2:
        start = [*RUN, "resume=true"]
    if command == "audit" and draw.random() < 0.3:
        start = ["runs/a", "samples=5"]
    if draw.random() < 0.05:
        command = draw.choice(("", "trian", "Train", "--version", "-h", "help", "--help", "x" * 300, "é", "train\n"))
    long, told = False, ["runs/new", "out", "runs/report"]
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        word, is_slow = _word(draw, command)
        long |= is_slow
        key, _, given = word.partition("=")
        if key in ("out", "run_dir") and given:
            told.append(given)  # a file that is named is what the command is told to write
        start.insert(draw.randrange(len(start) + 1) if draw.random() < 0.2 else len(start), word)
    if draw.random() < 0.05:
        start = start[draw.randrange(len(start)) :]
    # a training of its usual length, and a benchmark of its usual size
    long |= command == "train" and not any(word.startswith("total_steps=") for word in start)
    long |= command == "bench" and not set(STARTS["bench"]) <= set(start)
    needs_runs = any("runs" in word for word in start)
    resumes = "runs/a" if command == "train" and "resume=true" in start else None
    return Case(
        (command, *start),
        lambda folder: with_runs(made, folder) if needs_runs else common(folder),
        "command line",
        tuple(told),
        resumes,
        long,
    )


def _word(draw: random.Random, command: str) -> tuple[str, bool]:
    known = keys(command)
    if not known or draw.random() < 0.15:
        return draw.choice(WORDS), False
    key = draw.choice(known)
    if draw.random() < 0.05:
        key = draw.choice((key + "x", key.upper(), key.rpartition(".")[2], key[:-1], f"env.{key}"))
    offered = options(key)
    if offered and draw.random() < 0.7:
        return f"{key}={draw.choice(offered)}", False
    given = value(draw, key)
    if (command, key) in (("envs", "samples"), ("bench", "what"), ("data", "refresh")) and draw.random() < 0.9:
        given = "abc"  # else it does half a minute's work, or asks the network
    return f"{key}={given}", is_long(key, given)
