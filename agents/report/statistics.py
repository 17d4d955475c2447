"""Everything a report says in numbers, from the records of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nearsym.envs.errors import InputError, did_you_mean

from .alignment import Condition, align
from .contrasts import learning_contrast, pairs, steps_contrast
from .diagnostics import costs, traces
from .estimates import Estimates
from .learning import learning_curves, pooled_curves, steps_to_threshold, threshold_score
from .records import Comparison, Record
from .robustness import noise_contrast, noise_curves, strength_curves, strength_falls
from .settings import ReportSettings

ORDER = ("plain", "augmented", "exact", "rpp", "relaxed")
"""Networks of nearsym in the order of figures and tables; others follow by name."""

REFERENCES = ("plain", "exact")
"""Networks that every other one is compared with where nothing else is asked for."""

UNPERTURBED, PERTURBED = "unperturbed tasks", "perturbed tasks"


@dataclass(frozen=True)
class Summary:
    """What was found.

    Attributes:
        networks: in the order of figures and tables.
        against: the networks that others are compared with.
        conditions: aligned runs by condition.
        groups: conditions that a verdict looks at together, by name; a lone one goes by its own label.
        thresholds: score whose first step is counted, by condition.
        estimates: every result.
        notes: what was cut, interpolated or left out.
    """

    networks: Sequence[str]
    against: Sequence[str]
    conditions: Sequence[Condition]
    groups: Mapping[str, Sequence[Condition]]
    thresholds: Mapping[str, float]
    estimates: Estimates
    notes: Sequence[str]


def summarise(comparison: Comparison, settings: ReportSettings) -> Summary:
    """All statistics of a comparison.

    Raises:
        InputError: the runs of a task have no stretch of training in common, or no run is of a network of `against`.
    """
    level = settings.level
    by_label: dict[str, list[Record]] = {}
    for record in comparison.records:
        by_label.setdefault(record.condition, []).append(record)
    conditions = [align(records) for records in by_label.values()]
    notes = [note for condition in conditions for note in condition.notes]
    networks = sorted({record.network for record in comparison.records}, key=_place)
    against = _references(settings.against, networks)
    if settings.against is None and against[0] not in REFERENCES:
        notes.append(f"none of {', '.join(REFERENCES)} is here: all others are compared with {against[0]}")
    groups = _groups(conditions)
    thresholds = _thresholds(conditions, against, settings.threshold)
    notes += [_threshold_note(condition, thresholds) for condition in conditions]

    estimates = Estimates()
    for condition in conditions:
        estimates += learning_curves(condition, level) + noise_curves(condition, level) + traces(condition)
        if condition.label in thresholds:
            estimates += steps_to_threshold(condition, thresholds[condition.label], level)
        notes += _noise_notes(condition)
    for name, group in groups.items():
        everywhere = [network for network in networks if all(network in condition.returns for condition in group)]
        estimates += pooled_curves(name, group, everywhere, level)
        missing = [network for network in networks if network not in everywhere]
        if missing:
            notes.append(f"{', '.join(missing)} without runs on some of the {name}: left out of their averages")
    for name, group in ({condition.label: [condition] for condition in conditions} | dict(groups)).items():
        for pair in pairs(networks, against):
            estimates += learning_contrast(name, group, pair, level)
            estimates += steps_contrast(name, group, thresholds, pair, level)
            estimates += noise_contrast(name, group, pair, level)
    estimates += strength_curves(conditions, estimates) + strength_falls(conditions, level) + costs(conditions)
    return Summary(networks, against, conditions, groups, thresholds, estimates, notes)


def _references(wanted: Sequence[str] | None, networks: Sequence[str]) -> list[str]:
    if wanted is None:
        return [network for network in REFERENCES if network in networks] or list(networks[:1])
    for name in wanted:
        if name not in networks:
            hint = did_you_mean(name, networks)
            raise InputError(f"against has {name!r}{hint}, which no run is of; choose from {', '.join(networks)}")
    return list(wanted)


def _place(network: str) -> tuple[int, str]:
    return (ORDER.index(network) if network in ORDER else len(ORDER), network)


def _groups(conditions: Sequence[Condition]) -> dict[str, Sequence[Condition]]:
    split = {
        UNPERTURBED: [condition for condition in conditions if not condition.perturbation],
        PERTURBED: [condition for condition in conditions if condition.perturbation],
    }
    return {(name if len(group) > 1 else group[0].label): group for name, group in split.items() if group}


def _thresholds(conditions: Sequence[Condition], against: Sequence[str], fraction: float) -> dict[str, float]:
    scores = {}
    for condition in conditions:
        network = next((one for one in against if one in condition.returns), None)
        score = threshold_score(condition, network, fraction) if network else None
        if score is not None:
            scores[condition.label] = score
    return scores


def _threshold_note(condition: Condition, thresholds: Mapping[str, float]) -> str:
    scale, score = condition.scale, thresholds.get(condition.label)
    unit = f"{condition.label}: scores of 0 and 1 are returns of {scale.reason}"
    if score is None:
        return f"{unit}; no steps are counted, because the reference has no runs here or learned nothing"
    return f"{unit}; the threshold is a return of {scale.low + score * (scale.high - scale.low):.4g}"


def _noise_notes(condition: Condition) -> list[str]:
    evaluated = [bool(run.noise) for runs in condition.runs.values() for run in runs]
    if any(evaluated) and not all(evaluated):
        missing = len(evaluated) - sum(evaluated)
        return [f"{condition.label}: {missing} runs were not evaluated under noise and are left out there"]
    return []
