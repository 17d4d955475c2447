"""The runs of one condition on common steps, and the scale on which tasks can be averaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsym.envs import family_of
from nearsym.envs.errors import InputError

from .records import Floats, Record


@dataclass(frozen=True)
class Scale:
    """Where a task's normalised score is 0 and where it is 1.

    Attributes:
        low: return of score 0.
        high: return of score 1.
        reason: both, and how they were chosen.
    """

    low: float
    high: float
    reason: str

    def score(self, returns: Floats) -> Floats:
        """(r − low) / (high − low)."""
        return (returns - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Condition:
    """All runs on one task with one perturbation, aligned.

    Attributes:
        label: task and perturbation.
        task: the task alone.
        perturbation: its strengths by name.
        steps: the steps all runs have, (K,).
        runs: records of each network.
        returns: of each network, (runs, K).
        scale: normalises returns to scores.
        notes: what was cut or interpolated to align the runs.
    """

    label: str
    task: str
    perturbation: Mapping[str, float]
    steps: NDArray[np.int64]
    runs: Mapping[str, Sequence[Record]]
    returns: Mapping[str, Floats]
    scale: Scale
    notes: Sequence[str]

    def scores(self, network: str) -> Floats:
        """Normalised returns of a network, (runs, K)."""
        return self.scale.score(self.returns[network])

    @property
    def learning(self) -> slice:
        """The evaluations after learning has started; all of them where that leaves fewer than two.

        What a network does before its first update is the luck of its initial weights. Areas leave it out.
        """
        starts = max(run.learning_starts for runs in self.runs.values() for run in runs)
        first = int(np.searchsorted(self.steps, starts, side="right"))
        return slice(first if first <= len(self.steps) - 2 else 0, None)


def align(records: Sequence[Record]) -> Condition:
    """Bring the runs of one condition onto the steps they have in common.

    A run is never continued beyond its last evaluation: where one is shorter, every curve of the condition ends there.
    Runs whose evaluations fall on different steps are interpolated linearly at those of the run with the fewest.

    Raises:
        InputError: the runs have no stretch of training in common.
    """
    label = records[0].condition
    steps = records[0].steps
    for record in records[1:]:
        steps = np.intersect1d(steps, record.steps)
    notes = []
    if len(steps) < 2 <= min(len(record.steps) for record in records):
        first, last = max(int(r.steps[0]) for r in records), min(int(r.steps[-1]) for r in records)
        fewest = min(records, key=lambda record: len(record.steps)).steps
        steps = fewest[(fewest >= first) & (fewest <= last)]
        notes.append(f"{label}: evaluations fall on different steps and are interpolated linearly at common ones")
    if not len(steps):
        raise InputError(
            f"the runs on {label} have no step of training in common, see {records[0].path}; report them apart"
        )
    longer = sum(int(record.steps[-1]) > int(steps[-1]) for record in records)
    if longer:
        notes.append(
            f"{label}: curves end at step {int(steps[-1]):,}, the last that all {len(records)} runs have; {longer} "
            "went on and are cut there"
        )
    runs: dict[str, list[Record]] = {}
    for record in records:
        runs.setdefault(record.network, []).append(record)
    returns = {
        network: np.array([np.interp(steps, record.steps, record.returns) for record in same])
        for network, same in runs.items()
    }
    task, perturbation = records[0].task, records[0].perturbation
    return Condition(label, task, perturbation, steps, runs, returns, _scale(task, returns), notes)


def _scale(task: str, returns: Mapping[str, Floats]) -> Scale:
    everything = np.concatenate(list(returns.values()))
    known = family_of(task).returns
    if known is not None:
        return Scale(*known)
    best = max(float(runs[:, -1].mean()) for runs in returns.values())
    if everything.min() >= 0 and best > 0:
        return Scale(0.0, best, f"0 and {best:.4g}, the best final mean of a network")
    start = float(everything[:, 0].mean())
    if best > start:
        return Scale(start, best, f"{start:.4g}, before training, and {best:.4g}, the best final mean of a network")
    return Scale(start, start + 1, f"{start:.4g}, before training, and one more, as no network ended above it")
