"""The settings file of a run: everything its processes need, written beside its log before they start.

command: [nearsym, train, …]     what gives the same run by hand
train: [{…}, …]                  `TrainSettings`, and those of other seeds that are trained at once
evaluate: {…}                    `EvaluateSettings`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import yaml

from nearsym.agents.runs.folder import settings_from
from nearsym.agents.runs.settings import EvaluateSettings, TrainSettings
from nearsym.envs.atomic_file import write_atomic


def write_settings(
    path: Path, command: Sequence[str], train: Sequence[TrainSettings], evaluate: EvaluateSettings
) -> None:
    """Write the settings of one run, and of those that are trained with it."""
    content = {"command": list(command), "train": [asdict(one) for one in train], "evaluate": asdict(evaluate)}
    write_atomic(path, yaml.safe_dump(content, sort_keys=False))


def read_settings(path: Path) -> tuple[list[str], list[TrainSettings], EvaluateSettings]:
    """The command, and the settings of training and evaluation."""
    content = yaml.safe_load(path.read_text())
    train = [settings_from(one) for one in content["train"]]
    return content["command"], train, EvaluateSettings(**content["evaluate"])
