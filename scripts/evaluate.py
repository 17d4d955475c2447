"""`nearsym evaluate`: a table, evaluation.json, evaluation.png, and a video if asked for."""

from __future__ import annotations

from pathlib import Path

from nearsym.agents.console import evaluate_and_show
from nearsym.agents.run import Run
from nearsym.agents.settings import EvaluateSettings
from nearsym.agents.trading_evaluation import evaluate_trading, is_trading
from nearsym.envs.errors import InputError

from .compose import compose
from .help import command_help
from .trading_report import write_report


def run(words: list[str]) -> int:
    """Evaluate the run named by the first word."""
    if words and "=" not in words[0]:
        words = [f"run='{words[0]}'", *words[1:]]
    elif not any(word.startswith("run=") for word in words):
        raise InputError("which run? give its folder first: nearsym evaluate runs/x episodes=10 noise=[0,0.1,0.2]")
    settings = compose("evaluate", EvaluateSettings, words)
    folder = Path(settings.run)
    if not is_trading(folder):
        evaluate_and_show(settings)
        return 0
    if settings.video:
        raise InputError("video=true films what an environment draws, and a market draws nothing; leave it out")
    env = Run(folder).settings().env.id
    written = write_report(evaluate_trading(settings), settings, f"{env}: {folder.name}")
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
