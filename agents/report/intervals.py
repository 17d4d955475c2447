"""Intervals of means over seeds and of what is made of them, by Student's t with every group's own variance.

A few seeds are too few for a bootstrap: 95% percentile intervals of the mean of three or five normal numbers cover it
70% and 83% of the time, those of t 95%. For comparisons of two networks t came out best among bootstraps, t and
permutations, with normal, skewed, two-peaked and tied returns (docs/compare.md, docs/results/coverage.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from .records import Floats


@dataclass(frozen=True)
class Intervals:
    """Estimates with their intervals, (…, M) each; NaN ends where there is one run alone.

    Attributes:
        value: estimates.
        low: lower ends.
        high: upper ends.
        p_value: of the hypothesis that there is no difference; NaN where nothing is compared.
    """

    value: Floats
    low: Floats
    high: Floats
    p_value: Floats | None = None

    @property
    def p_values(self) -> Floats:
        """The p-values, or as many NaN."""
        return np.full(np.shape(self.value), np.nan) if self.p_value is None else self.p_value


@dataclass(frozen=True)
class Mean:
    """A weighted sum of means, its variance and the degrees of freedom of that, (…, M) each."""

    value: Floats
    variance: Floats
    freedom: Floats

    def intervals(self, level: float) -> Intervals:
        """The value ± t · standard error, and the p-value of the value 0."""
        error = np.sqrt(self.variance)
        reach = stats.t.ppf((1 + level) / 2, self.freedom) * error
        with np.errstate(divide="ignore", invalid="ignore"):
            p_value = 2 * stats.t.sf(np.abs(self.value) / error, self.freedom)
        p_value = np.where((error == 0) & (self.value == 0), 1.0, p_value)
        return Intervals(self.value, self.value - reach, self.value + reach, p_value)


def weighted_mean(strata: Sequence[Floats], weights: Sequence[float]) -> Mean:
    """Σ w_k mean(x_k) over independent groups of runs.

    Its variance is Σ w_k² s_k² / n_k, with Welch and Satterthwaite's degrees of freedom, (Σ v_k)² / Σ v_k² / (n_k − 1).
    For one group that is Student's interval, for the weights 1 and −1 Welch's, and with a task for each stratum the
    interval of a mean over tasks.

    Args:
        strata: runs on the last axis but one, (…, runs, M) each; the numbers of runs may differ.
        weights: one for each.
    """
    value, parts, counts = [], [], [runs.shape[-2] for runs in strata]
    for weight, count, runs in zip(weights, counts, strata, strict=True):
        first = runs[..., 0, :]
        # rounding would give equal numbers a spread, and a mean that is another number
        alike = (runs == runs[..., :1, :]).all(axis=-2)
        spread = runs.var(axis=-2, ddof=1) if count > 1 else np.full(first.shape, np.nan)
        value.append(weight * np.where(alike, first, runs.mean(axis=-2)))
        parts.append(weight**2 / count * np.where(alike & (count > 1), 0.0, spread))
    variance = np.sum(parts, axis=0)
    below = np.sum([part**2 / max(count - 1, 1) for part, count in zip(parts, counts, strict=True)], axis=0)
    freedom = np.divide(variance**2, below, out=np.ones_like(variance), where=below > 0)
    return Mean(np.sum(value, axis=0), variance, freedom)


def over_tasks(strata: Sequence[Floats]) -> Mean:
    """The mean over tasks of means over runs."""
    return weighted_mean(strata, [1 / len(strata)] * len(strata))


def difference(mine: Sequence[Floats], theirs: Sequence[Floats]) -> Mean:
    """The mean over tasks of one network less that of another."""
    weights = [1 / len(mine)] * len(mine) + [-1 / len(theirs)] * len(theirs)
    return weighted_mean([*mine, *theirs], weights)


def ratio(mine: Sequence[Floats], theirs: Sequence[Floats], level: float) -> Intervals:
    """The ratio of two means of scores that cannot be negative, with Fieller's interval.

    With the degrees of freedom of the difference it excludes 1 exactly where the interval of the difference excludes 0.
    NaN where a mean is not positive; ends are NaN where the reference is not clearly above zero.
    """
    x, y, apart = over_tasks(mine), over_tasks(theirs), difference(mine, theirs)
    t2 = stats.t.ppf((1 + level) / 2, apart.freedom) ** 2
    a, b, c = y.value**2 - t2 * y.variance, x.value * y.value, x.value**2 - t2 * x.variance
    positive = (x.value > 0) & (y.value > 0)
    root = np.sqrt(np.maximum(b**2 - a * c, 0))
    ends = [_divided(b + sign * root, a, positive & (a > 0)) for sign in (-1, 1)]
    p_value = np.where(positive, apart.intervals(level).p_values, np.nan)
    return Intervals(_divided(x.value, y.value, positive), ends[0], ends[1], p_value)


def holm(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Holm's adjusted p-values: those at or below α reject any true hypothesis with probability α at most, together.

    Sorted p_(1) ≤ … ≤ p_(m): max over j ≤ i of (m − j + 1) p_(j), at most 1. It holds however the tests depend on each
    other. NaN (no test) counts as 1. S. Holm, "A simple sequentially rejective multiple test procedure" (1979).
    """
    p = np.nan_to_num(np.asarray(p_values, dtype=float), nan=1.0)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]), 1)
    return adjusted


def _divided(x: Floats, y: Floats, where: NDArray[np.bool_]) -> Floats:
    return np.divide(x, y, out=np.full(np.shape(x), np.nan), where=where)
