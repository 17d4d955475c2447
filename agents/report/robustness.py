"""Return against observation noise after training, and against the strength of a perturbation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .alignment import Condition
from .contrasts import Pair, contrast
from .estimates import Estimate, Estimates, curve, mean_over
from .intervals import difference
from .learning import FINAL, curve_and_area
from .records import Floats

NOISE, NOISE_AREA = "return under noise", "mean return under noise"
FALL = "fall of the final score"


def noise_levels(condition: Condition) -> Floats:
    """Levels of noise at which every evaluated run of a condition was evaluated, rising, (L,)."""
    levels = [set(run.noise) for runs in condition.runs.values() for run in runs if run.noise]
    return np.array(sorted(set.intersection(*levels))) if levels else np.zeros(0)


def noise_returns(condition: Condition, network: str) -> Floats:
    """Returns of a network's evaluated runs at the common levels, (runs, L)."""
    levels = noise_levels(condition)
    return np.array([[run.noise[level] for level in levels] for run in condition.runs.get(network, ()) if run.noise])


def noise_curves(condition: Condition, level: float) -> list[Estimate]:
    """Mean of returns at each noise level, and of their mean over the range of noise."""
    levels = noise_levels(condition)
    estimates: list[Estimate] = []
    for network in condition.runs if len(levels) > 1 else ():
        returns = noise_returns(condition, network)
        if not len(returns):
            continue
        line, area = curve_and_area(levels, returns, level)
        estimates += curve(NOISE, condition.label, network, levels, line, len(returns))
        estimates += curve(NOISE_AREA, condition.label, network, [np.nan], area, len(returns))
    return estimates


def noise_contrast(where: str, conditions: Sequence[Condition], pair: Pair, level: float) -> list[Estimate]:
    """Mean scores over the range of noise of two networks, on the conditions where both were evaluated."""
    mine, theirs, shared = [], [], []
    for condition in conditions:
        levels = noise_levels(condition)
        areas = [_areas(condition, network) if len(levels) > 1 else np.zeros((0, 1)) for network in pair]
        if all(map(len, areas)):
            mine.append(areas[0])
            theirs.append(areas[1])
            shared.append(condition)
    return contrast((NOISE_AREA,), where, pair, mine, theirs, shared, level) if mine else []


def strength_curves(conditions: Sequence[Condition], estimates: Estimates) -> list[Estimate]:
    """Final returns again, by task and single perturbation, against its strength; unperturbed runs are at 0."""
    by_strength = []
    for task, name, alike in _by_strength(conditions):
        for condition in alike:
            x = condition.perturbation.get(name, 0.0)
            by_strength += [
                Estimate(f"{FINAL} against {name}", task, n.network, n.value, n.low, n.high, n.runs, x=x)
                for n in estimates.select(FINAL, where=condition.label)
            ]
    return by_strength


def strength_falls(conditions: Sequence[Condition], level: float) -> list[Estimate]:
    """What each network loses between the weakest and the strongest perturbation, in scores of the weakest's scale."""
    estimates: list[Estimate] = []
    for task, name, alike in _by_strength(conditions):
        weak, strong = alike[0], alike[-1]
        for network in weak.returns:
            if network not in strong.returns:
                continue
            ends = [weak.scale.score(condition.returns[network][:, -1:]) for condition in (weak, strong)]
            fall = difference(ends[:1], ends[1:]).intervals(level)
            runs, x = min(map(len, ends)), strong.perturbation[name]
            estimates += curve(f"{FALL} with {name}", task, network, [x], fall, runs)
    return estimates


def _areas(condition: Condition, network: str) -> Floats:
    """Mean score over the range of noise of every evaluated run, (runs, 1)."""
    returns = noise_returns(condition, network)
    if not len(returns):
        return np.zeros((0, 1))
    return mean_over(noise_levels(condition), condition.scale.score(returns))[:, None]


def _by_strength(conditions: Sequence[Condition]) -> list[tuple[str, str, list[Condition]]]:
    """(task, perturbation, its conditions from weak to strong) wherever there are two strengths or more."""
    series = []
    for task in dict.fromkeys(condition.task for condition in conditions):
        of_task = [condition for condition in conditions if condition.task == task]
        for name in sorted({name for condition in of_task for name in condition.perturbation}):
            alike = [condition for condition in of_task if set(condition.perturbation) <= {name}]
            alike.sort(key=lambda condition: condition.perturbation.get(name, 0.0))
            if len(alike) > 1:
                series.append((task, name, alike))
    return series
