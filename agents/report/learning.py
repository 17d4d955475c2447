"""How networks learn: curves, final returns, areas under curves, steps to a threshold, performance profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from .alignment import Condition
from .estimates import Estimate, curve, mean_over
from .intervals import Intervals, over_tasks
from .ranks import interquartile_mean, median, share_above
from .records import Floats

RETURN, FINAL, AREA, STEPS = "return", "final return", "area under the curve", "steps to threshold"
IQM = f"{FINAL}, interquartile mean"
SCORE, PROFILE = "score", "share of runs above the score"

SCORES = np.linspace(0, 1, 51)
"""Where a performance profile is taken."""


def learning_curves(condition: Condition, level: float) -> list[Estimate]:
    """Mean of every network's returns at every common step, final return and area under the curve.

    The area is taken from the first evaluation after learning starts and divided by the steps from there: the mean
    return over training, in the unit of returns. Beside the mean final return stands the interquartile mean, without an
    interval: where the two are far apart, a run or two ended far from the others.
    """
    estimates: list[Estimate] = []
    steps, learning = condition.steps.astype(float), condition.learning
    for network, returns in condition.returns.items():
        line, area = curve_and_area(steps, returns, level, learning)
        points = curve(RETURN, condition.label, network, steps, line, len(returns))
        estimates += [*points, replace(points[-1], quantity=FINAL, x=np.nan)]
        estimates += curve(AREA, condition.label, network, [np.nan], area, len(returns))
        middle = float(interquartile_mean(returns[:, -1:])[0])
        estimates.append(Estimate(IQM, condition.label, network, middle, np.nan, np.nan, len(returns)))
    return estimates


def curve_and_area(
    x: Floats, curves: Floats, level: float, columns: slice = slice(None)
) -> tuple[Intervals, Intervals]:
    """Means of runs' curves, (runs, K), at every x, (K,), and of their means over columns, (1,)."""
    areas = mean_over(x[columns], curves[:, columns])[:, None]
    line, area = (_of_one_network([numbers], level) for numbers in (curves, areas))
    return line, area


def threshold_score(condition: Condition, network: str, fraction: float) -> float | None:
    """A fraction of the mean final score of a network, None where that has learned nothing."""
    final = float(condition.scores(network)[:, -1].mean())
    return fraction * final if final > 0 else None


def first_steps(steps: NDArray[np.int64], scores: Floats, threshold: float) -> Floats:
    """The first step at which each run is at the threshold for good, (runs, K) → (runs,); inf where it never is.

    For good: the mean of this evaluation and all later ones is at the threshold too. A policy that is good by luck
    before it has learned anything, and then is not, has not got there.
    """
    rest = scores[:, ::-1].cumsum(axis=1)[:, ::-1] / np.arange(len(steps), 0, -1)
    reached = (scores >= threshold) & (rest >= threshold)
    return np.where(reached.any(axis=1), steps[reached.argmax(axis=1)], np.inf)


def steps_to_threshold(condition: Condition, threshold: float, level: float) -> list[Estimate]:
    """The median over each network's runs of the first step at the threshold for good; inf where that is never."""
    estimates = []
    for network in condition.returns:
        steps = median(first_steps(condition.steps, condition.scores(network), threshold), level)
        estimates += curve(STEPS, condition.label, network, [np.nan], steps, len(condition.returns[network]))
    return estimates


def pooled_curves(name: str, conditions: Sequence[Condition], networks: Sequence[str], level: float) -> list[Estimate]:
    """Mean over several tasks of each network's scores, and its performance profile.

    Args:
        name: of the group of conditions.
        conditions: the group.
        networks: those that have runs on every one of them.
        level: of the intervals.
    """
    steps = reduce(np.intersect1d, [condition.steps for condition in conditions])
    estimates: list[Estimate] = []
    for network in networks:
        scores = [condition.scores(network) for condition in conditions]
        fewest = min(map(len, scores))
        if len(steps) >= 2:
            at = [condition.steps.searchsorted(steps) for condition in conditions]
            common = [runs[:, columns] for runs, columns in zip(scores, at, strict=True)]
            line = _of_one_network(common, level)
            estimates += curve(SCORE, name, network, steps.astype(float), line, fewest)
        share = share_above([runs[:, -1:] for runs in scores], SCORES, level)
        estimates += curve(PROFILE, name, network, SCORES, share, fewest)
    return estimates


def pooled_areas(conditions: Sequence[Condition], network: str) -> list[Floats]:
    """Final score and area under the curve of every run, (runs, 2) for each condition."""
    areas = []
    for condition in conditions:
        scores = condition.scores(network)
        learning = condition.learning
        area = mean_over(condition.steps[learning].astype(float), scores[:, learning])
        areas.append(np.stack([scores[:, -1], area], axis=1))
    return areas


def _of_one_network(strata: Sequence[Floats], level: float) -> Intervals:
    """Means over tasks with their intervals; nothing is compared, so there is no p-value."""
    return replace(over_tasks(strata).intervals(level), p_value=None)
