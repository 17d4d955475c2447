"""From the runs of a suite that trade to the markets they walked forward through."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nearsym.agents.runs.build import build_env
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.trust import trusted_settings
from nearsym.envs.errors import InputError, first_line
from nearsym.envs.trading.evaluation import INDEX
from nearsym.envs.trading.market import Market
from nearsym.envs.trading.walk_forward import Traded, WalkForward, walk_forward

from .loading import SUITE

FOLD = "fold"
"""The argument of a market that names its test period."""


def read_markets(folder: Path, trust: bool = False) -> tuple[list[WalkForward], int]:
    """Every market that the runs of a suite traded, and how many runs are not finished and left out.

    Runs whose environments differ in their fold alone are of one market.

    Args:
        folder: of `nearsym compare`.
        trust: import modules that runs name from wherever they are.

    Raises:
        InputError: there is no suite, no finished run that trades, or a file of one cannot be read.
    """
    finished, left_out = [], 0
    for entry in _entries(folder):
        if entry["state"] == "finished":
            run = Run(folder / str(entry["path"]))
            finished.append((run, entry, _given(run, entry)))
        else:
            left_out += 1
    if not finished:
        raise InputError(f"none of the {left_out} runs in {folder} has finished; go on with nearsym compare")
    differing = sorted({key for *_, one in finished for *_, other in finished for key in _difference(one, other)})
    runs: dict[str, dict[str, dict[int, list[Traded]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    markets: dict[str, Market] = {}
    for run, entry, given in finished:
        details = ", ".join(f"{key}={given[key]}" for key in differing if key in given)
        name = f"{run.settings().env.id} ({details})" if details else run.settings().env.id
        if name not in markets:
            markets[name] = _market(run, trust)
        runs[name][str(entry["network"])][int(entry["seed"])].append(_traded(run, markets[name]))
    return [walk_forward(name, networks) for name, networks in runs.items()], left_out


def _entries(folder: Path) -> list[Mapping[str, Any]]:
    path = folder / SUITE
    try:
        return list(json.loads(path.read_text())["runs"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} cannot be read ({first_line(error)}); give the folder of a suite that nearsym compare carried out"
        ) from error


def _market(run: Run, trust: bool) -> Market:
    market = build_env(trusted_settings(run.folder, trust), "test").unwrapped
    if not isinstance(market, Market):
        raise InputError(f"{run.folder} does not trade: its environment is no market; see nearsym report")
    return market


def _given(run: Run, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What makes the environment of a run: its id, arguments but for the fold, and perturbation."""
    env = run.settings().env
    return {"env": env.id, **env.kwargs, **dict(entry.get("perturbation") or {}), FOLD: None}


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def _traded(run: Run, market: Market) -> Traded:
    """The test period of a run, from the files of its first evaluation."""
    try:
        learned = json.loads((run.folder / "evaluation.json").read_text())["learned"]
        with (run.folder / "evaluation.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        dates = np.array([row["date"] for row in rows], dtype="datetime64[D]")
        values = {name: np.array([float(row[name]) for row in rows]) for name in rows[0] if name not in ("date", INDEX)}
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise InputError(
            f"the evaluation of {run.folder} cannot be read ({first_line(error)}); write it again with "
            f"nearsym evaluate {run.folder}"
        ) from error
    returns = {name: np.diff(value) / np.maximum(value[:-1], 1e-9) for name, value in values.items()}
    return Traded(dates, returns, {name: market.rewards_of(each) for name, each in returns.items()}, learned)
