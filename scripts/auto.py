"""``network=auto``: arguments whose network is chosen when the environment is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from nearsym.agents.runs.choice import AUTO
from nearsym.agents.runs.settings import TrainSettings

PLACEHOLDER = "exact"
"""A family that has no keys of its own, so that none is taken that the chosen one may lack."""

GROUP = ("network=", "network.family=")

Compose = Callable[[str, type[TrainSettings], list[str]], TrainSettings]


def asks(arguments: Sequence[str]) -> bool:
    """Whether the network is to be chosen."""
    return [each for each in arguments if each.startswith(GROUP)][-1:] == [f"network={AUTO}"]


def composed(arguments: Sequence[str], compose: Compose) -> TrainSettings:
    """Settings of a run; where the network is to be chosen they have a placeholder of its sizes."""
    if not asks(arguments):
        return compose("train", TrainSettings, list(arguments))
    others = [f"network={PLACEHOLDER}", *(each for each in arguments if not each.startswith(GROUP))]
    if not any(each.startswith("run_dir=") for each in others):
        named = compose("train", TrainSettings, others).run_dir
        others.append(f"run_dir={re.sub(rf'-{PLACEHOLDER}(?=(-[a-z-]+)?-seed[0-9]+$)', f'-{AUTO}', named)}")
    return compose("train", TrainSettings, others)
