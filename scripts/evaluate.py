"""`nearsym evaluate`: a table, evaluation.json, evaluation.png, and a video if asked for."""

from __future__ import annotations

import json
from pathlib import Path

from rich.table import Table

from nearsym.agents.evaluation import NoiseLevel, evaluate_run, load_agent
from nearsym.agents.run import Run, write_atomic
from nearsym.agents.settings import EvaluateSettings
from nearsym.agents.trading_evaluation import evaluate_trading, is_trading
from nearsym.agents.video import film
from nearsym.envs.errors import InputError

from .compose import compose
from .help import command_help
from .noise_figure import GAUSSIAN, draw_noise
from .print_table import print_table
from .trading_report import write_report


def run(words: list[str]) -> int:
    """Evaluate the run named by the first word."""
    if words and "=" not in words[0]:
        words = [f"run='{words[0]}'", *words[1:]]
    elif not any(word.startswith("run=") for word in words):
        raise InputError("which run? give its folder first: nearsym evaluate runs/x episodes=10 noise=[0,0.1,0.2]")
    settings = compose("evaluate", EvaluateSettings, words)
    folder = Path(settings.run)
    env = Run(folder).settings().env.id
    if is_trading(folder):
        if settings.video:
            raise InputError("video=true films what an environment draws, and a market draws nothing; leave it out")
        written = write_report(evaluate_trading(settings), settings, f"{env}: {folder.name}")
        print(f"written: {', '.join(map(str, written))}")
        return 0
    levels = evaluate_run(settings)
    report = {
        "run": folder.name,
        "env": env,
        "episodes": settings.episodes,
        "seed": settings.seed,
        "noise_kind": settings.noise_kind,
        "levels": [
            {
                "noise": level.noise,
                "mean": level.mean,
                "std": level.std,
                "iqm": level.iqm,
                "returns": level.returns,
            }
            for level in levels
        ],
    }
    write_atomic(folder / "evaluation.json", json.dumps(report, indent=2) + "\n")
    label = GAUSSIAN if settings.noise_kind == "gaussian" else "fraction of pixels made black or white"
    draw_noise(levels, f"{env}: {folder.name}", folder / "evaluation.png", label)
    _print_table(levels, settings, env)
    written = [folder / "evaluation.json", folder / "evaluation.png"]
    if settings.video:
        saved, agent = load_agent(folder)
        film(agent, saved, settings.seed, folder / "evaluation.mp4")
        written.append(folder / "evaluation.mp4")
    print(f"written: {', '.join(map(str, written))}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "evaluate",
        EvaluateSettings,
        "nearsym evaluate: returns of a run's deterministic policy at each level of observation noise",
        "nearsym evaluate runs/x episodes=10 noise=[0,0.1,0.2] video=true",
    )


def _print_table(levels: list[NoiseLevel], settings: EvaluateSettings, env: str) -> None:
    table = Table(title=f"{env}, {settings.episodes} episodes a level", title_justify="left")
    noise = "noise (std)" if settings.noise_kind == "gaussian" else "spoiled pixels"
    for column in (noise, "mean return", "std", "IQM"):
        table.add_column(column, justify="right")
    for level in levels:
        table.add_row(f"{level.noise:g}", f"{level.mean:.1f}", f"{level.std:.1f}", f"{level.iqm:.1f}")
    print_table(table)
