"""Statistics of runs that look at their order alone: probability of improvement, shares, medians of steps.

Interquartile means, probability of improvement and profiles are those of Agarwal et al., *Deep Reinforcement Learning
at the Edge of the Statistical Precipice* (arXiv 2108.13264). Their intervals are not: see `intervals`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from .intervals import Intervals
from .records import Floats


def interquartile_mean(scores: Floats) -> Floats:
    """Mean over runs of the middle half, (…, runs, M) → (…, M); rliable's `aggregate_iqm` of every column."""
    cut = scores.shape[-2] // 4
    return np.sort(scores, axis=-2)[..., cut : scores.shape[-2] - cut, :].mean(axis=-2)


def improvement(mine: Sequence[Floats], theirs: Sequence[Floats], level: float) -> Intervals:
    """Probability that a run of mine ends above a run of theirs, ties counting half, averaged over tasks.

    The estimate is rliable's `probability_of_improvement`. The interval is Newcombe's score interval ("Confidence
    intervals for an effect size measure based on the Mann–Whitney statistic. Part 2", 2006, method 5): all θ with
    (θ̂ − θ)² ≤ z² V(θ), V(θ) = θ(1 − θ) [1 + (n − 1)((1 − θ)/(2 − θ) + θ/(1 + θ))] / (n_x n_y), n = (n_x + n_y)/2,
    averaged over tasks. It has a width where one network wins every pair.

    Args:
        mine: scores on each task, (…, runs, M).
        theirs: the same of the other network; the numbers of runs may differ.
        level: of the interval.
    """
    wins, factors = [], []
    for x, y in zip(mine, theirs, strict=True):
        above = np.sign(x[..., :, None, :] - y[..., None, :, :]) / 2 + 0.5
        wins.append(above.mean(axis=(-3, -2)))
        factors.append((x.shape[-2], y.shape[-2]))
    value, theta = np.mean(wins, axis=0), np.linspace(0, 1, 2001)
    variance = np.zeros_like(theta)
    for mine_runs, their_runs in factors:
        shape = (1 - theta) / (2 - theta) + theta / (1 + theta)
        spread = 1 + ((mine_runs + their_runs) / 2 - 1) * shape
        variance += theta * (1 - theta) * spread / (mine_runs * their_runs * len(factors) ** 2)
    inside = (value[..., None] - theta) ** 2 <= stats.norm.ppf((1 + level) / 2) ** 2 * variance + 1e-12
    last = len(theta) - 1 - inside[..., ::-1].argmax(axis=-1)
    return Intervals(value, theta[inside.argmax(axis=-1)], theta[last])


def share_above(finals: Sequence[Floats], scores: Floats, level: float) -> Intervals:
    """Share of runs whose final score is above each score, with Wilson's interval; rliable's `score_distributions`.

    Args:
        finals: of the runs on each task, (runs, 1).
        scores: (M,).
        level: of the intervals.
    """
    runs = np.concatenate(finals, axis=-2)
    share, n, z = (runs > scores).mean(axis=-2), runs.shape[-2], stats.norm.ppf((1 + level) / 2)
    middle, reach = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return Intervals(share, (middle - reach) / (1 + z**2 / n), (middle + reach) / (1 + z**2 / n))


def median(values: Floats, level: float) -> Intervals:
    """The median of runs, (runs,), between the order statistics that cover it, whatever the distribution.

    The narrowest pair (x_(k), x_(n+1−k)) that covers with probability 1 − 2 P(B < k) ≥ level, B ~ Binomial(n, ½); the
    smallest and the largest run where none does: they cover 75% with three runs, 94% with five, 97% with six.
    inf, a run that never gets there, is as good a number as any.
    """
    ordered, n = np.sort(values), len(values)
    k = max(1, int(stats.binom.ppf((1 - level) / 2, n, 0.5)))
    if 2 * stats.binom.cdf(k - 1, n, 0.5) > 1 - level:
        k = max(1, k - 1)
    middle = ordered[(n - 1) // 2 : n // 2 + 1].mean()
    return Intervals(np.array([middle]), ordered[k - 1 : k], ordered[n - k : n - k + 1])
