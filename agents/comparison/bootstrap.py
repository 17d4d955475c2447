"""Stratified bootstrap intervals by rliable, over whole runs.

Agarwal et al., *Deep Reinforcement Learning at the Edge of the Statistical Precipice* (arXiv 2108.13264). rliable
resamples every entry of a (runs, tasks, steps) array on its own, which is right for an interval at each step alone but
would average away, over a curve's steps, the luck of a seed. Here it is handed the runs' numbers and resamples those,
so that a resample holds whole runs, of which areas and crossings can be taken. Every stratum (the runs of one network
on one task) is resampled by itself, and strata may differ in their number of runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.symmetry import InputError

from .records import Floats


@dataclass(frozen=True)
class Intervals:
    """Estimates with their percentile intervals, (M,) each."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Bootstrap:
    """How intervals are made.

    Attributes:
        level: coverage.
        resamples: number of resamples.
        seed: of the resampling.
    """

    level: float = 0.95
    resamples: int = 2000
    seed: int = 0

    def __call__(self, statistic: Callable[..., Floats], *strata: NDArray[np.float64]) -> Intervals:
        """Intervals of a statistic of independent groups of runs.

        Args:
            statistic: takes as many arrays as there are strata, of any number of runs each, and returns (M,).
            strata: runs along the first axis, (runs, …).

        Raises:
            InputError: rliable is not installed.
        """
        try:
            from rliable.library import get_interval_estimates  # only now: it takes seconds to import
        except ImportError as error:
            raise InputError("reports need rliable; install it with pip install 'nearsym[report]'") from error

        def resampled(*numbers: NDArray[np.int64]) -> Floats:
            chosen = (runs[index[:, 0]] for runs, index in zip(strata, numbers, strict=True))
            return np.asarray(statistic(*chosen), dtype=np.float64)

        numbers = [np.arange(len(runs))[:, None] for runs in strata]
        before = np.random.get_state()
        np.random.seed(self.seed)  # rliable draws from numpy's global generator, whatever random_state it is given
        try:
            values, intervals = get_interval_estimates(
                {"": numbers}, resampled, reps=self.resamples, confidence_interval_size=self.level
            )
        finally:
            np.random.set_state(before)
        low, high = intervals[""]
        return Intervals(values[""], low, high)


def interquartile_mean(scores: Floats) -> Floats:
    """Mean over runs of the middle half, (runs, …) → (…); rliable's `aggregate_iqm` of every column."""
    cut = len(scores) // 4
    return np.sort(scores, axis=0)[cut : len(scores) - cut].mean(axis=0)


def improvement(mine: Sequence[Floats], theirs: Sequence[Floats]) -> Floats:
    """Probability that a run of mine ends above a run of theirs, ties counting half, averaged over tasks.

    Args:
        mine: scores of each task, (runs, M).
        theirs: the same of the other network; the numbers of runs may differ.

    Returns:
        (M,), rliable's `probability_of_improvement` of every column.
    """
    above = [(np.sign(x[:, None] - y[None, :]) / 2 + 0.5).mean(axis=(0, 1)) for x, y in zip(mine, theirs, strict=True)]
    return np.mean(above, axis=0)
