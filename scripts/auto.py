"""``network=auto``: arguments whose network is chosen when the environment is known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nearsym.agents.runs.settings import TrainSettings

from .compose import compose

AUTO = "network=auto"

PLACEHOLDER = "exact"
"""A family that has no keys of its own, so that none is taken that the chosen one may lack."""


def asks(arguments: Sequence[str]) -> bool:
    """Whether the network is to be chosen."""
    return [each for each in arguments if each.startswith(("network=", "network.family="))][-1:] == [AUTO]


def composed(arguments: Sequence[str]) -> TrainSettings:
    """Settings of a run; where the network is to be chosen they have a placeholder of its sizes."""
    if not asks(arguments):
        return compose("train", TrainSettings, list(arguments))
    others = [each for each in arguments if not each.startswith(("network=", "network.family="))]
    if not any(each.startswith("run_dir=") for each in others):
        found = compose("train", TrainSettings, [*others, f"network={PLACEHOLDER}"]).run_dir
        named = re.sub(rf"-{PLACEHOLDER}((-augmented)?(-critic-\w+)?-seed\d+)$", r"-auto\1", found)
        others.append(f"run_dir={named}")
    return compose("train", TrainSettings, [*others, f"network={PLACEHOLDER}"])
