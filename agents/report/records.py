"""What a comparison holds: a record for every run that counts, and the runs that do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Record:
    """One run, read.

    Attributes:
        path: its folder.
        task: what is learned, without its perturbation.
        perturbation: strengths by name, zeros left out.
        network: label of the network, or of the algorithm.
        seed: tells runs of one network on one task apart.
        steps: environment steps of the evaluations, rising, (K,).
        returns: mean return over the episodes of each, (K,).
        traces: other columns of metrics.csv by name, NaN where nothing was measured, (K,) each.
        noise: mean return over episodes at each level of observation noise after training; empty if not evaluated.
        learning_starts: steps of random actions before the first update, as far as known.
        total_steps: where it was to end, if known.
        seconds: it took, if known.
        parameters: trainable ones of actor, critics and encoder, if known.
    """

    path: Path
    task: str
    perturbation: Mapping[str, float]
    network: str
    seed: int
    steps: NDArray[np.int64]
    returns: Floats
    traces: Mapping[str, Floats] = field(default_factory=dict)
    noise: Mapping[float, float] = field(default_factory=dict)
    learning_starts: int = 0
    total_steps: int | None = None
    seconds: float | None = None
    parameters: int | None = None

    @property
    def perturbation_label(self) -> str:
        """Names and strengths, such as ``wind 0.2``; empty for none."""
        return ", ".join(f"{name} {strength:g}" for name, strength in sorted(self.perturbation.items()))

    @property
    def condition(self) -> str:
        """Task and perturbation: runs of one condition are compared with each other."""
        return f"{self.task}, {self.perturbation_label}" if self.perturbation else self.task


@dataclass(frozen=True)
class Absent:
    """A run that the report leaves out.

    Attributes:
        path: its folder.
        task: label of its task, with its perturbation.
        network: label of its network.
        seed: its seed.
        state: ``failed``, ``waiting``, ``running`` or ``unfinished``.
        message: why, as far as known.
    """

    path: Path
    task: str
    network: str
    seed: int
    state: str
    message: str


@dataclass(frozen=True)
class Comparison:
    """Everything read from a comparison's folder.

    Attributes:
        name: of the comparison.
        records: the runs that count, sorted by condition, network and seed.
        absent: the runs that do not.
    """

    name: str
    records: list[Record]
    absent: list[Absent]
