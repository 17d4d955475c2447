"""`nearsym walk`: test periods of trading runs taken together."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nearsym.agents.report.loading import SUITE
from nearsym.agents.runs.build import build_env
from nearsym.agents.runs.console import show
from nearsym.agents.runs.evaluation_files import plain_files
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.trust import trusted_settings
from nearsym.envs.errors import InputError, first_line
from nearsym.envs.trading.evaluation import INDEX
from nearsym.envs.trading.market import Market
from nearsym.envs.trading.walk_forward import Traded, WalkForward, walk_forward, write_rows

from .compose import compose, with_key
from .help import command_help

ENTRY = ("path", "state", "network", "seed", "perturbation")
"""What is read of a run in suite.json."""

FOLD = "fold"
"""The argument of a market that names its test period."""


@dataclass(frozen=True)
class WalkSettings:
    """Test periods of trading runs, taken together.

    Attributes:
        folder: of a suite that trades, made by nearsym compare.
        out: folder of what is written; null for <folder>/walk.
        trust: import modules that the runs name from wherever they are; otherwise only from the current folder.
    """

    folder: str
    out: str | None = None
    trust: bool = False


def run(arguments: list[str]) -> int:
    """Show and write what the suite in the folder named by the first argument made of its markets."""
    missing = "which comparison? give the folder of a suite that trades: nearsym walk runs/x"
    settings = compose("walk", WalkSettings, with_key(arguments, "folder", missing))
    out = Path(settings.out) if settings.out else Path(settings.folder) / "walk"
    if out.exists() and not out.is_dir():
        raise InputError(f"out={out} is a file; give a folder")
    markets, left_out = read_markets(Path(settings.folder), settings.trust)
    out.mkdir(parents=True, exist_ok=True)
    from nearsym.envs.trading.figure import draw_trading  # only now: matplotlib takes long to load

    written = [out / "walk.csv"]
    write_rows(markets, written[0])
    for number, market in enumerate(markets, 1):
        show(market.tables())
        written.append(out / ("walk.png" if len(markets) == 1 else f"walk-{number}.png"))
        draw_trading(market.curves(), market.name, written[-1], len(market.networks))
    if left_out:
        print(f"left out: {left_out} runs that failed or did not finish")
    print(f"written: {', '.join(map(str, written))}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "walk",
        WalkSettings,
        "nearsym walk: the test periods of a suite that trades taken together, against each other and references",
        "nearsym walk runs/x",
    )


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
        return [{key: entry[key] for key in ENTRY} for entry in json.loads(path.read_text())["runs"]]
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
    return {"env": env.id, **env.kwargs, **entry["perturbation"], FOLD: None}


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def _traded(run: Run, market: Market) -> Traded:
    """The test period of a run, from the files of its newest evaluation."""
    try:
        newest = plain_files(run)[-1]
        learned = json.loads(newest.read_text())["learned"]
        with newest.with_suffix(".csv").open(newline="") as file:
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
