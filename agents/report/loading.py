"""From a folder of runs, or the table of one, to the records of a comparison."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nearsym.agents.runs.folder import Run
from nearsym.envs.errors import InputError

from .evaluations_file import read_evaluations_csv
from .records import Absent, Comparison, Record
from .run_files import Description, count_parameters, describe, read_metrics, read_noise, strengths_of
from .stock_files import LAYOUTS, read_stock

SUITE = "suite.json"

_EMPTY = (np.zeros(0, np.int64), np.zeros(0))
"""Steps and returns of a run that has none."""


def read_comparison(folder: Path, unfinished: bool = False) -> Comparison:
    """Read every run below a folder.

    With a suite.json of `nearsym compare`, it says which folders are runs and what they are called; otherwise every
    folder with a config.yaml is one and says so itself. evaluations.npz of stable-baselines3 are read in both cases.
    A file is read as the evaluations.csv of an earlier report.

    Args:
        folder: of the comparison, or its table.
        unfinished: count runs that have not reached their last step, as far as they are.

    Raises:
        InputError: there is no such folder, no run in it or none that counts; a file is unreadable; a run has no
            evaluations; two runs are the same one.
    """
    name, records, absent = _read_table(folder) if folder.is_file() else _read_folder(folder, unfinished)
    if not records and not absent:
        raise InputError(
            f"{folder} holds no run; expected folders of nearsym train (config.yaml, metrics.csv), {LAYOUTS}"
        )
    if not unfinished:
        absent += [_unfinished(one) for one in records if not _is_finished(one)]
        records = [one for one in records if _is_finished(one)]
    if not records:
        first = absent[0]
        raise InputError(
            f"none of the {len(absent)} runs in {folder} has finished ({first.path} is {first.state}: {first.message}) "
            "yet; finish them, or report how far they are with unfinished=true"
        )
    _check_different(records)
    return Comparison(name, sorted(records, key=lambda one: (one.condition, one.network, one.seed)), absent)


def _read_table(path: Path) -> tuple[str, list[Record], list[Absent]]:
    table = read_evaluations_csv(path)
    return table.name, table.records, table.absent


def _read_folder(folder: Path, unfinished: bool) -> tuple[str, list[Record], list[Absent]]:
    if not folder.is_dir():
        raise InputError(
            f"there is no {folder}; give a folder that holds runs of nearsym train or nearsym compare, or an "
            "evaluations.csv of a report"
        )
    suite = folder / SUITE
    name, read = _read_suite(suite, unfinished) if suite.is_file() else (folder.resolve().name, _read_runs(folder))
    records = [one for one in read if isinstance(one, Record)] + read_stock(folder)
    return name, records, [one for one in read if isinstance(one, Absent)]


def _is_finished(record: Record) -> bool:
    return record.total_steps is None or int(record.steps[-1]) >= record.total_steps


def _unfinished(record: Record) -> Absent:
    message = f"stopped at step {record.steps[-1]:,} of {record.total_steps:,}"
    return Absent(record.path, record.condition, record.network, record.seed, "unfinished", message)


def _read_runs(folder: Path) -> list[Record | Absent]:
    runs = [Run(path.parent) for path in sorted(folder.rglob("config.yaml"))]
    described = [(run, describe(run)) for run in runs]
    return [_read_run(run, one, _label(one, [other for _, other in described])) for run, one in described]


def _label(one: Description, others: Iterable[Description]) -> str:
    """The environment's id, and what sets it apart from others with that id: arguments and algorithm."""
    same = [other for other in others if other.env == one.env]
    keys = sorted({key for other in same for key in other.kwargs})
    differing = [key for key in keys if any(other.kwargs.get(key) != one.kwargs.get(key) for other in same)]
    details = [f"{key}={one.kwargs.get(key)}" for key in differing]
    if any(other.agent != one.agent for other in same):
        details.insert(0, one.agent)
    return f"{one.env} ({', '.join(details)})" if details else one.env


def _read_run(run: Run, described: Description, task: str, **given: Any) -> Record | Absent:
    """One run; `given` is what a suite says about it, in place of its own settings."""
    known: dict[str, Any] = {
        "perturbation": described.perturbation,
        "network": described.network,
        "seed": described.seed,
        **given,
    }
    if not run.metrics.is_file():
        condition = Record(run.folder, task, known["perturbation"], "", 0, *_EMPTY).condition
        return Absent(run.folder, condition, known["network"], known["seed"], "waiting", "it has no metrics.csv yet")
    steps, returns, traces = read_metrics(run)
    if not len(steps):
        raise InputError(
            f"{run.metrics} holds no evaluation; continue the run with nearsym train … resume=true, or move "
            f"{run.folder} out of the comparison"
        )
    return Record(
        path=run.folder,
        task=task,
        steps=steps,
        returns=returns,
        traces=traces,
        noise=read_noise(run),
        learning_starts=described.learning_starts,
        total_steps=described.total_steps,
        parameters=count_parameters(run),
        **known,
    )


def _read_suite(path: Path, unfinished: bool) -> tuple[str, list[Record | Absent]]:
    """Name and runs of a suite.json.

    Raises:
        InputError: it is not what `nearsym compare` writes.
    """
    try:
        suite = json.loads(path.read_text())
        return str(suite["name"]), [_read_entry(path.parent, entry, unfinished) for entry in suite["runs"]]
    except InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        detail = f"{type(error).__name__}: {error}".splitlines()[0]
        raise InputError(
            f"{path} is not what nearsym compare writes ({detail}); run nearsym compare again, or delete it to have "
            "the runs read from their own config.yaml"
        ) from error


def _read_entry(root: Path, entry: Mapping[str, Any], unfinished: bool) -> Record | Absent:
    run = Run(root / entry["path"])
    strengths = strengths_of(entry.get("perturbation"))
    task, network, seed, state = str(entry["task"]), str(entry["network"]), int(entry["seed"]), str(entry["state"])
    condition = Record(run.folder, task, strengths, network, seed, *_EMPTY).condition
    if state == "finished" and not run.config.is_file():
        return Absent(run.folder, condition, network, seed, "missing", "its folder holds no config.yaml")
    begun = run.config.is_file() and run.metrics.is_file() and len(read_metrics(run)[0]) > 0
    if state != "finished" and not (unfinished and begun):
        return Absent(run.folder, condition, network, seed, state, str(entry.get("message") or "no reason is known"))
    seconds = entry.get("seconds")
    given = {"perturbation": strengths, "network": network, "seed": seed}
    return _read_run(run, describe(run), task, seconds=None if seconds is None else float(seconds), **given)


def _check_different(records: list[Record]) -> None:
    by_run: dict[tuple[str, str, int], list[Record]] = defaultdict(list)
    for record in records:
        by_run[record.condition, record.network, record.seed].append(record)
    for (condition, network, seed), same in by_run.items():
        if len(same) > 1:
            raise InputError(
                f"{same[0].path} and {same[1].path} are both {network}, seed {seed}, on {condition}; report them "
                f"apart, or call their networks by different names in a {SUITE}"
            )
