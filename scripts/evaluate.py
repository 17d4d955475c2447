"""`nearsym evaluate`."""

from __future__ import annotations

from pathlib import Path

from nearsym.agents.runs.console import evaluate_and_show
from nearsym.agents.runs.settings import EvaluateSettings

from .compose import compose, with_key
from .help import command_help
from .trust import trusted


def run(arguments: list[str]) -> int:
    """Evaluate the run named by the first argument."""
    missing = "which run? give its folder first: nearsym evaluate runs/x episodes=10 noise=[0,0.1,0.2]"
    settings = compose("evaluate", EvaluateSettings, with_key(arguments, "run", missing))
    settings, _ = trusted(settings, Path(settings.run))
    evaluate_and_show(settings)
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "evaluate",
        EvaluateSettings,
        "nearsym evaluate: returns of a run's deterministic policy at each level of observation noise",
        "nearsym evaluate runs/x episodes=10 noise=[0,0.1,0.2] video=true",
    )
