"""Metrics of a run: metrics.csv, the same after an interruption as without one, and TensorBoard beside it."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from torch.utils.tensorboard import SummaryWriter

from nearsym.agents.algorithms import Learner
from nearsym.envs.errors import InputError

RUN = ("step", "episodes", "train_return", "eval_return", "eval_return_std")
"""The first columns of every metrics.csv."""


def columns(learner: Learner) -> tuple[str, ...]:
    """Columns of metrics.csv: every value is a function of settings and seed; none depends on the clock."""
    errors = tuple(f"{name}_equivariance_error" for name in learner.laws())
    return (*RUN, *learner.metrics, *errors, *(f"{name}_relaxation" for name in learner.networks()))


def last_row(path: Path) -> tuple[int, float | None]:
    """Step and mean return of the last evaluation in a metrics.csv, (0, None) before the first."""
    try:
        with path.open(newline="") as file:
            *_, row = csv.DictReader(file)
        return int(row["step"]), float(row["eval_return"])
    except (OSError, ValueError, TypeError, KeyError):  # no row yet, or one that is being written
        return 0, None


def evaluations(path: Path) -> list[tuple[int, float]]:
    """Step and mean return of every evaluation in a metrics.csv, but for a row that is being written."""
    found = []
    with suppress(OSError, ValueError, TypeError, KeyError), path.open(newline="") as file:
        for row in csv.DictReader(file):
            found.append((int(row["step"]), float(row["eval_return"])))
    return found


class RunningMeans:
    """Means of named values since they were last taken, with a state that fits in JSON."""

    def __init__(self, state: Mapping[str, list[float]] | None = None) -> None:
        self._sums: dict[str, list[float]] = {}
        for name, (total, count) in (state or {}).items():
            if not count >= 1:
                raise ValueError(f"{name} is a mean over {count}")
            self._sums[name] = [float(total), count]

    def add(self, name: str, value: float) -> None:
        """Count one value."""
        total = self._sums.setdefault(name, [0.0, 0])
        total[0] += value
        total[1] += 1

    def take(self) -> dict[str, float]:
        """The means, and start again."""
        means = {name: total / count for name, (total, count) in self._sums.items()}
        self._sums.clear()
        return means

    def state(self) -> dict[str, list[float]]:
        """What ``RunningMeans(state)`` needs to go on."""
        return {name: list(pair) for name, pair in self._sums.items()}


class Scalars(Protocol):
    """Where scalars go beside TensorBoard."""

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Write scalars."""

    def close(self) -> None:
        """No more of them."""


class MetricsWriter:
    """Appends rows to metrics.csv and scalars to TensorBoard.

    Args:
        path: metrics.csv.
        tensorboard: folder of TensorBoard events.
        step: where the run starts or goes on.
        keep: bytes of metrics.csv that belong to the checkpoint it goes on from, or None for a new run.
            Whatever was written after the checkpoint is dropped and will be written again.
        columns: of a new metrics.csv; one that is gone on with keeps its own.
        also: where else scalars go.

    Raises:
        InputError: metrics.csv is missing, of other columns, or shorter than it was when the checkpoint was saved.
    """

    def __init__(
        self,
        path: Path,
        tensorboard: Path,
        step: int,
        keep: int | None,
        columns: Sequence[str],
        also: Scalars | None = None,
    ) -> None:
        self._path, self._columns, self._also = path, tuple(columns), also
        if keep is None:
            path.write_text("")
            self._append(self._columns)
        else:
            size = path.stat().st_size if path.is_file() else 0
            if size < keep:
                raise InputError(
                    f"{path} has {size} bytes, and the checkpoint was saved after {keep}: rows are missing; restore it "
                    "from a copy, or train again in another run_dir"
                )
            self._columns = self._header()
            with path.open("r+b") as file:
                file.truncate(keep)
        purge = 0 if keep is None else step + 1
        self._tensorboard = SummaryWriter(str(tensorboard), purge_step=purge)

    def _header(self) -> tuple[str, ...]:
        """Names of the columns of the metrics.csv that there is."""
        with self._path.open(newline="", errors="replace") as text:
            found = tuple(next(csv.reader(line.replace("\0", "") for line in text), ()))
        missing = [name for name in self._columns if name not in found]
        if missing:
            raise InputError(
                f"{self._path} has no column {missing[0]}, so it is not what this run has written; restore it from a "
                "copy, or train again in another run_dir"
            )
        return found

    def row(self, values: Mapping[str, float]) -> None:
        """Write one row; unknown names are a programming error, missing ones are left empty."""
        unknown = values.keys() - set(self._columns)
        if unknown:
            raise KeyError(f"metrics.csv has no column {sorted(unknown)}")
        self._append([_text(values.get(name)) for name in self._columns])
        step = int(values["step"])
        self.scalars({f"run/{name}": values[name] for name in self._columns[1:] if name in values}, step)

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Write scalars to TensorBoard, and wherever else they go."""
        if self._also is not None:
            self._also.scalars(values, step)
        for name, value in values.items():
            self._tensorboard.add_scalar(name, value, step)
        self._tensorboard.flush()

    def size(self) -> int:
        """Bytes of metrics.csv so far."""
        return self._path.stat().st_size

    def close(self) -> None:
        """Close TensorBoard's file."""
        self._tensorboard.close()
        if self._also is not None:
            self._also.close()

    def _append(self, cells: Any) -> None:
        with self._path.open("a", newline="") as file:
            csv.writer(file, lineterminator="\n").writerow(cells)
            file.flush()
            os.fsync(file.fileno())  # before a checkpoint says how long it is


def _text(value: float | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(value)
