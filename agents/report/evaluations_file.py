"""evaluations.csv: everything that a report counts of its runs in one small table, from which it can be made again.

One value a row; `x` is a step, a level of noise, or empty:

    task, perturbation, network, seed, quantity, x, value
    dmc/cartpole-swingup, wind=0.2, relaxed, 3, return, 5000, 612.3

so that results can be published without gigabytes of checkpoints, and runs of other programs be compared.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from nearsym.envs.errors import InputError

from .records import Absent, Comparison, Floats, Record

NAME = "evaluations.csv"

COLUMNS = ("task", "perturbation", "network", "seed", "quantity", "x", "value")

RETURN, NOISE = "return", "return under noise"
ONCE = ("learning_starts", "total_steps", "seconds", "parameters")
"""Quantities of which a run has one value."""

ABSENT = ("failed", "waiting", "running", "unfinished", "missing")
"""States of runs that do not count; the value of such a row says why."""

DIGITS = 7
"""Significant digits of a value: more than an evaluation has, and little to read."""


def write_evaluations(comparison: Comparison) -> str:
    """All records as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in comparison.records:
        strengths = ";".join(f"{name}={strength!r}" for name, strength in record.perturbation.items())
        for row in _rows(record):
            writer.writerow((record.task, strengths, record.network, record.seed, *row))
    for one in comparison.absent:
        writer.writerow((one.task, "", one.network, one.seed, one.state, "", one.message))
    return text.getvalue()


def read_evaluations_csv(path: Path) -> Comparison:
    """The comparison that a file holds; columns may stand in any order, and `perturbation` may be missing.

    Raises:
        InputError: it cannot be read, a column is missing, or a row does not fit them.
    """
    try:
        with path.open(newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ()) and name != "perturbation"]
            if missing:
                raise InputError(f"{path} has no column {', '.join(missing)}; expected {', '.join(COLUMNS)}")
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    absent: list[Absent] = []
    numbers: dict[tuple[str, str, str, int], list[tuple[str, float, float]]] = defaultdict(list)
    for line, row in rows:
        try:
            key = (row["task"], row.get("perturbation") or "", row["network"], int(row["seed"]))
            if row["quantity"] in ABSENT:
                place = path / row["network"] / f"seed{key[-1]}"
                absent.append(Absent(place, key[0], key[2], key[3], row["quantity"], row["value"]))
            else:
                x = float(row["x"]) if row["x"] else math.nan
                numbers[key].append((row["quantity"], x, float(row["value"])))
        except (ValueError, TypeError) as error:
            raise InputError(f"line {line} of {path} does not fit the columns {', '.join(COLUMNS)}: {error}") from error
    return Comparison(path.stem, [_record(path, *key, values) for key, values in numbers.items()], absent)


def _rows(record: Record) -> Iterator[tuple[str, str, str]]:
    """(quantity, x, value) of everything known about a run."""
    for name in ONCE:
        value = getattr(record, name)
        if value is not None:
            yield name, "", f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)
    for name, values in {RETURN: record.returns, **record.traces}.items():
        for step, value in zip(record.steps, values, strict=True):
            if not math.isnan(value):
                yield name, str(step), f"{value:.{DIGITS}g}"
    for level, value in record.noise.items():
        yield NOISE, f"{level:g}", f"{value:.{DIGITS}g}"


def _record(
    path: Path, task: str, perturbation: str, network: str, seed: int, numbers: Sequence[tuple[str, float, float]]
) -> Record:
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for quantity, x, value in numbers:
        points[quantity].append((x, value))
    who = f"{network}, seed {seed}, on {task}"
    steps, returns = (np.array(column) for column in zip(*points.pop(RETURN, [(math.nan, math.nan)]), strict=True))
    if not np.isfinite([steps, returns]).all() or (np.diff(steps) <= 0).any():
        raise InputError(f"{path}: {who} has no returns, returns that are not finite, or steps that do not rise")
    noise = dict(points.pop(NOISE, []))
    known = {name: points.pop(name)[-1][1] for name in ONCE if name in points}
    traces = {name: _trace(steps, trace, f"{path}: {name} of {who}") for name, trace in points.items()}
    return Record(
        path=path / network / f"seed{seed}",
        task=task,
        perturbation=_strengths(path, perturbation),
        network=network,
        seed=seed,
        steps=steps.astype(np.int64),
        returns=returns,
        traces=traces,
        noise=noise,
        seconds=known.get("seconds"),
        learning_starts=int(known.get("learning_starts", 0)),
        total_steps=int(known["total_steps"]) if "total_steps" in known else None,
        parameters=int(known["parameters"]) if "parameters" in known else None,
    )


def _trace(steps: Floats, points: Sequence[tuple[float, float]], what: str) -> Floats:
    values = np.full(len(steps), np.nan)
    for step, value in points:
        if step not in steps:
            raise InputError(f"{what} has a value at {step:g}, where there is no return")
        values[steps == step] = value
    return values


def _strengths(path: Path, text: str) -> Mapping[str, float]:
    try:
        return {name: float(strength) for name, strength in (one.split("=") for one in text.split(";") if one)}
    except ValueError as error:
        raise InputError(f"{path} has the perturbation {text!r}, expected name=strength such as wind=0.2") from error
