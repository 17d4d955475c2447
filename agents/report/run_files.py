"""One folder of `nearsym train`, read for a report: config.yaml, metrics.csv, evaluation.json and a checkpoint's size.

Settings are read leniently, so that results of earlier versions, whose settings had fewer keys, can be reported.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from nearsym.agents.runs.checkpoint import latest_checkpoint, trained_parameters
from nearsym.agents.runs.evaluation_files import plain_files
from nearsym.agents.runs.folder import Run
from nearsym.envs.errors import InputError, first_line
from nearsym.envs.yaml_file import read_yaml
from nearsym.networks import family_from

from .records import Floats

ERRORS, RELAXATIONS = "_equivariance_error", "_relaxation"
"""Endings of the columns of metrics.csv that a report draws beside returns; before them stands a network's name."""


@dataclass(frozen=True)
class Description:
    """What a run's config.yaml says about it.

    Attributes:
        env: id of its environment.
        kwargs: the environment's.
        agent: its algorithm.
        network: label of its network.
        perturbation: strengths that are not zero.
        seed: its seed.
        learning_starts: steps of random actions before the first update.
        total_steps: where it ends.
    """

    env: str
    kwargs: Mapping[str, Any]
    agent: str
    network: str
    perturbation: Mapping[str, float]
    seed: int
    learning_starts: int
    total_steps: int


def strengths_of(perturbation: Mapping[str, Any] | None) -> dict[str, float]:
    """Strengths by name as a file has them, zeros left out.

    Raises:
        TypeError, ValueError, AttributeError: it is something else.
    """
    strengths = {name: float(strength) for name, strength in (perturbation or {}).items() if strength}
    if strange := [name for name in strengths if not isinstance(name, str)]:
        raise TypeError(f"a perturbation is called {strange[0]!r}")
    return {name: strength for name, strength in strengths.items() if strength}


def describe(run: Run) -> Description:
    """Read config.yaml.

    Raises:
        InputError: it cannot be read, or is not one of `nearsym train`.
    """
    try:
        saved = read_yaml(run.config.read_text())
        network = family_from(saved["network"])
        return Description(
            env=str(saved["env"]["id"]),
            kwargs=dict(saved["env"].get("kwargs") or {}),
            agent=str(saved["agent"]["name"]),
            network=network.label,
            perturbation=strengths_of(saved.get("perturbation")),
            seed=int(saved["seed"]),
            learning_starts=int(saved["agent"].get("learning_starts", 0)),
            total_steps=int(saved["total_steps"]),
        )
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{run.config} is not what nearsym train writes ({first_line(error)}); restore it, or move "
            f"{run.folder} out of the comparison"
        ) from error


def read_metrics(run: Run) -> tuple[NDArray[np.int64], Floats, dict[str, Floats]]:
    """Steps, returns and traces of metrics.csv, (K,) each; K is 0 when no evaluation is in it yet.

    Raises:
        InputError: it cannot be read, or its steps do not rise.
    """
    remedy = f"restore it from a copy, or move {run.folder} out of the comparison"
    try:
        with run.metrics.open(newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
            traced = [name for name in reader.fieldnames or () if name.endswith((ERRORS, RELAXATIONS))]
        steps = np.array([int(row["step"]) for row in rows], dtype=np.int64)
        returns = np.array([float(row["eval_return"]) for row in rows])
        traces = {name: np.array([_number(row.get(name)) for row in rows]) for name in traced}
    except (OSError, ValueError, TypeError, KeyError, csv.Error) as error:
        raise InputError(f"{run.metrics} cannot be read ({first_line(error)}); {remedy}") from error
    if not np.isfinite(returns).all():
        raise InputError(f"{run.metrics} has an eval_return that is no finite number; {remedy}")
    if (np.diff(steps) <= 0).any():
        raise InputError(f"the steps of {run.metrics} do not rise from row to row; {remedy}")
    return steps, returns, {name: trace for name, trace in traces.items() if np.isfinite(trace).any()}


def read_noise(run: Run) -> dict[float, float]:
    """Mean return at each noise level of the newest evaluation.json; empty where the run was not evaluated.

    Raises:
        InputError: it cannot be read.
    """
    files = plain_files(run)
    if not files:
        return {}
    path = files[-1]
    try:
        report = json.loads(path.read_text())
        if "levels" not in report:  # a market's evaluation is another one
            return {}
        return {float(level["noise"]): float(np.mean(level["returns"])) for level in report["levels"]}
    except (OSError, ValueError, TypeError, KeyError) as error:
        again = f"write it again with nearsym evaluate {run.folder}"
        raise InputError(f"{path} cannot be read ({first_line(error)}); {again}") from error


def count_parameters(run: Run) -> int | None:
    """Trainable parameters of all networks, or None without a checkpoint that shows them."""
    folder = latest_checkpoint(run.checkpoints)
    return None if folder is None else trained_parameters(folder)


def _number(cell: str | None) -> float:
    return float(cell) if cell else math.nan
