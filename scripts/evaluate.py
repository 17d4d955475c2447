"""`nearsym evaluate`."""

from __future__ import annotations

from nearsym.agents.runs.console import evaluate_and_show
from nearsym.agents.runs.settings import EvaluateSettings
from nearsym.envs.errors import InputError

from .compose import compose
from .help import command_help


def run(words: list[str]) -> int:
    """Evaluate the run named by the first word."""
    if words and "=" not in words[0]:
        words = [f"run='{words[0]}'", *words[1:]]
    elif not any(word.startswith("run=") for word in words):
        raise InputError("which run? give its folder first: nearsym evaluate runs/x episodes=10 noise=[0,0.1,0.2]")
    for word in words:
        if word.startswith("part="):
            raise InputError(f"{word}: the key is called split now, as in split={word.removeprefix('part=') or 'test'}")
    evaluate_and_show(compose("evaluate", EvaluateSettings, words))
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "evaluate",
        EvaluateSettings,
        "nearsym evaluate: returns of a run's deterministic policy at each level of observation noise",
        "nearsym evaluate runs/x episodes=10 noise=[0,0.1,0.2] video=true",
    )
