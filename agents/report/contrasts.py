"""One network against another: differences, ratios and probability of improvement, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .alignment import Condition
from .estimates import Estimate
from .intervals import Intervals, difference, ratio
from .learning import AREA, FINAL, STEPS, first_steps, pooled_areas
from .ranks import improvement, median
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
    measures: Sequence[str],
    where: str,
    pair: Pair,
    mine: Sequence[Floats],
    theirs: Sequence[Floats],
    conditions: Sequence[Condition],
    level: float,
) -> list[Estimate]:
    """Compare two networks in several measures of their runs.

    The difference and the ratio are of means of scores over runs and conditions. There is a ratio only where a return
    of 0 is the bottom of every scale: how many times −200 is of −150 says nothing.

    Args:
        measures: names, M of them.
        where: name of the condition or of the group.
        pair: the network and its reference.
        mine: scores of the network's runs on each condition, (runs, M).
        theirs: the reference's on the same conditions.
        conditions: these.
        level: of the intervals.
    """
    kinds = {
        DIFFERENCE: difference(mine, theirs).intervals(level),
        RATIO: ratio(mine, theirs, level) if all(one.scale.low == 0 for one in conditions) else None,
        IMPROVEMENT: improvement(mine, theirs, level),
    }
    runs = min(map(len, (*mine, *theirs)))
    estimates = []
    for kind, intervals in kinds.items():
        if intervals is not None:
            estimates += _estimates([f"{measure}, {kind}" for measure in measures], where, pair, intervals, runs)
    return estimates


def learning_contrast(where: str, conditions: Sequence[Condition], pair: Pair, level: float) -> list[Estimate]:
    """Final scores and areas under the curve of two networks on the conditions that both have runs on."""
    both = [condition for condition in conditions if all(network in condition.returns for network in pair)]
    if not both:
        return []
    mine, theirs = (pooled_areas(both, network) for network in pair)
    return contrast((FINAL, AREA), where, pair, mine, theirs, both, level)


def steps_contrast(
    where: str, conditions: Sequence[Condition], thresholds: Mapping[str, float], pair: Pair, level: float
) -> list[Estimate]:
    """Ratio of the median steps of two networks to the threshold, the geometric mean over conditions.

    None where the median run of either never gets there: what was not observed has no ratio. The interval puts those
    of the medians together on the scale of logarithms (MOVER; Zou and Donner, 2008). It ends at 0 or inf where one of
    theirs never gets there, and nothing is claimed from it.
    """
    shared = [c for c in conditions if c.label in thresholds and all(network in c.returns for network in pair)]
    if not shared:
        return []
    x, y = ([_log_steps(c, thresholds[c.label], network, level) for c in shared] for network in pair)
    if not all(np.isfinite(one.value).all() for one in (*x, *y)):
        return []
    apart = np.mean([a.value - b.value for a, b in zip(x, y, strict=True)], axis=0)
    down = np.sqrt(sum((a.value - a.low) ** 2 + (b.high - b.value) ** 2 for a, b in zip(x, y, strict=True)))
    up = np.sqrt(sum((a.high - a.value) ** 2 + (b.value - b.low) ** 2 for a, b in zip(x, y, strict=True)))
    ends = (np.exp(end) for end in (apart, apart - down / len(shared), apart + up / len(shared)))
    runs = min(len(condition.returns[network]) for condition in shared for network in pair)
    return _estimates([f"{STEPS}, {RATIO}"], where, pair, Intervals(*ends), runs)


def _log_steps(condition: Condition, threshold: float, network: str, level: float) -> Intervals:
    steps = first_steps(condition.steps, condition.scores(network), threshold)
    # a threshold met before learning counts as met by the first evaluation after it
    return median(np.log(np.maximum(steps, max(condition.steps[condition.learning][0], 1))), level)


def _estimates(names: Sequence[str], where: str, pair: Pair, intervals: Intervals, runs: int) -> list[Estimate]:
    columns = (intervals.value, intervals.low, intervals.high, intervals.p_values)
    rows = zip(names, *(column.tolist() for column in columns), strict=True)
    return [Estimate(name, where, pair[0], v, low, high, runs, pair[1], p_value=p) for name, v, low, high, p in rows]
