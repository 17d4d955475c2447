"""The settings file of a run: everything its processes need, written beside its log before they start.

command: [nearsym, train, …]     what gives the same run by hand
train: [{…}, …]                  `TrainSettings`, and those of other seeds that are trained in its process
evaluate: [{…}, …]               `EvaluateSettings` of each
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import yaml

from nearsym.agents.runs.folder import settings_from
from nearsym.agents.runs.settings import EvaluateSettings, TrainSettings
from nearsym.envs.atomic_file import write_atomic

Steps = Sequence[tuple[TrainSettings, EvaluateSettings]]
"""Training and evaluation of some runs."""


def write_settings(path: Path, command: Sequence[str], runs: Steps) -> None:
    """Write the settings of one run, and of those that are trained with it."""
    train, evaluate = ([asdict(one) for one in each] for each in zip(*runs, strict=True))
    write_atomic(
        path, yaml.safe_dump({"command": list(command), "train": train, "evaluate": evaluate}, sort_keys=False)
    )


def read_settings(path: Path) -> tuple[list[str], Steps]:
    """The command, and the settings of training and evaluation of each run."""
    content = yaml.safe_load(path.read_text())
    train = [settings_from(one) for one in content["train"]]
    return content["command"], list(zip(train, (EvaluateSettings(**one) for one in content["evaluate"]), strict=True))
