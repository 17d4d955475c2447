"""Stratified bootstrap intervals by rliable, over whole runs.

Agarwal et al., *Deep Reinforcement Learning at the Edge of the Statistical Precipice* (arXiv 2108.13264). rliable
resamples every entry of a (runs, tasks, steps) array on its own, which is right for an interval at each step alone but
would average away, over a curve's steps, the luck of a seed. Here it is handed the runs' numbers and resamples those,
so that a resample holds whole runs, of which areas and crossings can be taken. Every stratum (the runs of one network
on one task) is resampled by itself, and strata may differ in their number of runs. What rliable draws depends on the
numbers of runs alone, so it draws once for each, and a statistic is taken of all resamples at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

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

    def __call__(self, statistic: Callable[..., Floats], *strata: Floats) -> Intervals:
        """Percentile intervals of a statistic of independent groups of runs.

        Args:
            statistic: takes as many arrays as there are strata, (…, runs, K) each, and returns (…, M): leading axes are
                resamples.
            strata: runs along the first axis, (runs, K); the numbers of runs may differ.

        Raises:
            InputError: rliable is not installed.
        """
        draws = _draws(tuple(map(len, strata)), self.resamples, self.seed)
        resampled = statistic(*(runs[drawn] for runs, drawn in zip(strata, draws, strict=True)))
        tail = 100 * (1 - self.level) / 2
        low, high = np.percentile(resampled, [tail, 100 - tail], axis=0)
        return Intervals(statistic(*strata), low, high)


@cache
def _draws(sizes: tuple[int, ...], resamples: int, seed: int) -> tuple[NDArray[np.int64], ...]:
    """The runs in each resample of strata of these sizes, (resamples, size) each."""
    try:
        from rliable.library import StratifiedIndependentBootstrap  # only now: it takes seconds to import
    except ImportError as error:
        raise InputError("reports need rliable; install it with pip install 'nearsym[report]'") from error
    before = np.random.get_state()
    np.random.seed(seed)  # rliable draws from numpy's global generator, whatever random_state it is given
    try:
        numbers = StratifiedIndependentBootstrap(*(np.arange(size)[:, None] for size in sizes))
        drawn = [[stratum[:, 0] for stratum in strata] for strata, _ in numbers.bootstrap(resamples)]
    finally:
        np.random.set_state(before)
    return tuple(np.array(stratum) for stratum in zip(*drawn, strict=True))


def interquartile_mean(scores: Floats) -> Floats:
    """Mean over runs of the middle half, (…, runs, K) → (…, K); rliable's `aggregate_iqm` of every column."""
    cut = scores.shape[-2] // 4
    return np.sort(scores, axis=-2)[..., cut : scores.shape[-2] - cut, :].mean(axis=-2)


def improvement(mine: Sequence[Floats], theirs: Sequence[Floats]) -> Floats:
    """Probability that a run of mine ends above a run of theirs, ties counting half, averaged over tasks.

    Args:
        mine: scores of each task, (…, runs, K).
        theirs: the same of the other network; the numbers of runs may differ.

    Returns:
        (…, K), rliable's `probability_of_improvement` of every column.
    """
    above = [
        (np.sign(x[..., :, None, :] - y[..., None, :, :]) / 2 + 0.5).mean(axis=(-3, -2))
        for x, y in zip(mine, theirs, strict=True)
    ]
    return np.mean(above, axis=0)
