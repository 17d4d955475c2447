"""How networks learn: curves, final returns, areas under curves, steps to a threshold, performance profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from .alignment import Condition
from .bootstrap import Bootstrap, Intervals, interquartile_mean
from .estimates import Estimate, curve, mean_over
from .records import Floats

RETURN, FINAL, AREA, STEPS = "return", "final return", "area under the curve", "steps to threshold"
SCORE, PROFILE = "score", "share of runs above the score"

SCORES = np.linspace(0, 1, 51)
"""Where a performance profile is taken."""


def learning_curves(condition: Condition, bootstrap: Bootstrap) -> list[Estimate]:
    """Interquartile mean of every network's returns at every common step, final return and area under the curve.

    The area is taken from the first evaluation after learning starts and divided by the steps from there: the mean
    return over training, in the unit of returns.
    """
    estimates: list[Estimate] = []
    steps, learning = condition.steps.astype(float), condition.learning
    for network, returns in condition.returns.items():
        line, area = curve_and_area(steps, returns, bootstrap, learning)
        points = curve(RETURN, condition.label, network, steps, line, len(returns))
        estimates += [*points, replace(points[-1], quantity=FINAL, x=np.nan)]
        estimates += curve(AREA, condition.label, network, [np.nan], area, len(returns))
    return estimates


def curve_and_area(
    x: Floats, curves: Floats, bootstrap: Bootstrap, columns: slice = slice(None)
) -> tuple[Intervals, Intervals]:
    """Interquartile means of runs' curves, (runs, K), at every x, (K,), and of their means over columns, (1,)."""

    def statistic(runs: Floats) -> Floats:
        areas = mean_over(x[columns], runs[..., columns])[..., None]
        return np.concatenate([interquartile_mean(runs), interquartile_mean(areas)], axis=-1)

    intervals = bootstrap(statistic, curves)
    value, low, high = intervals.value, intervals.low, intervals.high
    return Intervals(value[:-1], low[:-1], high[:-1]), Intervals(value[-1:], low[-1:], high[-1:])


def threshold_score(condition: Condition, network: str, fraction: float) -> float | None:
    """A fraction of the final score of a network, None where that has learned nothing."""
    final = float(interquartile_mean(condition.scores(network))[-1])
    return fraction * final if final > 0 else None


def first_step(steps: NDArray[np.int64], scores: Floats, threshold: float) -> Floats:
    """The first step at which the interquartile mean of runs is at the threshold for good, (…, runs, K) → (…, 1).

    For good: the mean of this evaluation and all later ones is at the threshold too. A policy that is good by luck
    before it has learned anything, and then is not, has not got there. inf where it never does.
    """
    middle = interquartile_mean(scores)
    rest = middle[..., ::-1].cumsum(axis=-1)[..., ::-1] / np.arange(len(steps), 0, -1)
    reached = (middle >= threshold) & (rest >= threshold)
    return np.where(reached.any(axis=-1), steps[reached.argmax(axis=-1)], np.inf)[..., None]


def steps_to_threshold(condition: Condition, threshold: float, bootstrap: Bootstrap) -> list[Estimate]:
    """The first step at which each network's interquartile mean is at the threshold for good; inf where it never is."""
    beyond = 2.0 * float(condition.steps[-1]) + 1  # finite, so that percentiles can be taken, and recognised

    def statistic(scores: Floats) -> Floats:
        return np.minimum(first_step(condition.steps, scores, threshold), beyond)

    estimates = []
    for network in condition.returns:
        intervals = bootstrap(statistic, condition.scores(network))
        ends = (np.where(e > condition.steps[-1], np.inf, e) for e in (intervals.value, intervals.low, intervals.high))
        estimates += curve(STEPS, condition.label, network, [np.nan], Intervals(*ends), len(condition.returns[network]))
    return estimates


def pooled_curves(
    name: str, conditions: Sequence[Condition], networks: Sequence[str], bootstrap: Bootstrap
) -> list[Estimate]:
    """Interquartile mean over the runs on several tasks of each network's scores, and its performance profile.

    Args:
        name: of the group of conditions.
        conditions: the group.
        networks: those that have runs on every one of them.
        bootstrap: resamples runs within their condition.
    """
    steps = reduce(np.intersect1d, [condition.steps for condition in conditions])
    estimates: list[Estimate] = []
    for network in networks:
        scores = [condition.scores(network) for condition in conditions]
        fewest = min(map(len, scores))
        if len(steps) >= 2:
            at = [condition.steps.searchsorted(steps) for condition in conditions]
            common = [runs[:, columns] for runs, columns in zip(scores, at, strict=True)]
            estimates += curve(SCORE, name, network, steps.astype(float), bootstrap(_pooled_mean, *common), fewest)
        finals = [runs[:, -1:] for runs in scores]
        estimates += curve(PROFILE, name, network, SCORES, bootstrap(profile, *finals), fewest)
    return estimates


def profile(*finals: Floats) -> Floats:
    """Share of runs whose final score is above each of `SCORES`, (…, runs, 1) → (…, 51).

    rliable's `score_distributions`.
    """
    return (np.concatenate(finals, axis=-2) > SCORES).mean(axis=-2)


def pooled_areas(conditions: Sequence[Condition], network: str) -> list[Floats]:
    """Final score and area under the curve of every run, (runs, 2) for each condition."""
    areas = []
    for condition in conditions:
        scores = condition.scores(network)
        learning = condition.learning
        area = mean_over(condition.steps[learning].astype(float), scores[:, learning])
        areas.append(np.stack([scores[:, -1], area], axis=1))
    return areas


def _pooled_mean(*scores: Floats) -> Floats:
    return interquartile_mean(np.concatenate(scores, axis=-2))
