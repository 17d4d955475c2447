"""One network against another: differences, ratios and probability of improvement, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .alignment import Condition
from .bootstrap import Bootstrap, Intervals, improvement, interquartile_mean
from .estimates import Estimate
from .learning import AREA, FINAL, STEPS, first_step, pooled_areas
from .records import Floats

DIFFERENCE, RATIO, IMPROVEMENT = "difference", "ratio", "probability of improvement"

Pair = tuple[str, str]
"""A network and the one it is compared with."""


def pairs(networks: Sequence[str], against: Sequence[str]) -> list[Pair]:
    """Every network with every reference, each two only once."""
    chosen: list[Pair] = []
    for reference in against:
        chosen += [
            (network, reference) for network in networks if network != reference and (reference, network) not in chosen
        ]
    return chosen


def contrast(
    measures: Sequence[str], where: str, pair: Pair, mine: list[Floats], theirs: list[Floats], bootstrap: Bootstrap
) -> list[Estimate]:
    """Compare two networks in several measures of their runs.

    The difference and the ratio are of interquartile means of scores over all runs of the conditions together; the
    ratio is missing where the reference's mean is not positive.

    Args:
        measures: names, M of them.
        where: name of the condition or of the group.
        pair: the network and its reference.
        mine: scores of the network's runs on each condition, (runs, M).
        theirs: the reference's on the same conditions.
        bootstrap: resamples both networks independently, within each condition.
    """

    def statistic(*strata: Floats) -> Floats:
        half = len(strata) // 2
        x, y = (interquartile_mean(np.concatenate(one, axis=-2)) for one in (strata[:half], strata[half:]))
        ratio = np.divide(x, y, out=np.full(x.shape, np.nan), where=y > 0)
        return np.concatenate([x - y, ratio, improvement(strata[:half], strata[half:])], axis=-1)

    intervals = bootstrap(statistic, *mine, *theirs)
    names = [f"{measure}, {kind}" for kind in (DIFFERENCE, RATIO, IMPROVEMENT) for measure in measures]
    return _estimates(names, where, pair, intervals, min(map(len, (*mine, *theirs))))


def learning_contrast(where: str, conditions: Sequence[Condition], pair: Pair, bootstrap: Bootstrap) -> list[Estimate]:
    """Final scores and areas under the curve of two networks on the conditions that both have runs on."""
    both = [condition for condition in conditions if all(network in condition.returns for network in pair)]
    if not both:
        return []
    mine, theirs = (pooled_areas(both, network) for network in pair)
    return contrast((FINAL, AREA), where, pair, mine, theirs, bootstrap)


def steps_contrast(
    where: str, conditions: Sequence[Condition], thresholds: Mapping[str, float], pair: Pair, bootstrap: Bootstrap
) -> list[Estimate]:
    """Ratio of the steps two networks take to the threshold, the geometric mean over conditions; below 1 is faster.

    A network that never gets there counts with the last step. That pulls the ratio towards 1, so no difference is
    claimed that rests on what was not observed.
    """
    shared = [c for c in conditions if c.label in thresholds and all(network in c.returns for network in pair)]
    if not shared:
        return []

    def steps(condition: Condition, scores: Floats) -> Floats:
        first = first_step(condition.steps, scores, thresholds[condition.label])
        # a threshold met before learning counts as met by the first evaluation after it
        return np.clip(first, max(condition.steps[condition.learning][0], 1), condition.steps[-1])

    def statistic(*strata: Floats) -> Floats:
        taken = np.log([steps(c, runs) for c, runs in zip([*shared, *shared], strata, strict=True)])
        return np.exp(taken[: len(shared)].mean(axis=0) - taken[len(shared) :].mean(axis=0))

    strata = [condition.scores(network) for network in pair for condition in shared]
    intervals = bootstrap(statistic, *strata)
    return _estimates([f"{STEPS}, {RATIO}"], where, pair, intervals, min(map(len, strata)))


def _estimates(names: Sequence[str], where: str, pair: Pair, intervals: Intervals, runs: int) -> list[Estimate]:
    rows = zip(names, intervals.value, intervals.low, intervals.high, strict=True)
    return [Estimate(name, where, pair[0], float(v), float(lo), float(hi), runs, pair[1]) for name, v, lo, hi in rows]
