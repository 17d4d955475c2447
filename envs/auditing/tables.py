"""What an audit prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from .report import AuditReport, ElementReport, Interval, Worst
from .scales import LEAST

READABLE = 24
"""Longest state that is printed whole."""

LARGEST = 8
"""Entries that are printed of a longer one."""

LOCATED = 3
"""Coordinates named."""


def tables(report: AuditReport, title: str) -> list[Table | str]:
    """A row for each group element; scales, resolution and overlap, what is broken, and worst samples as lines."""
    scales = report.scales
    lines = [
        f"{report.verdict}: a step usually moves the state by {scales.transition:.3g}, "
        f"rewards spread by {scales.reward:.3g}; {report.method}"
    ]
    floors = [element.resolution for element in report.elements]
    reward, transition = (max(getattr(floor, name) for floor in floors) for name in ("reward", "transition"))
    observation = max(floor.observation or 0.0 for floor in floors)
    if reward > 0 or transition > 0 or observation > 0:
        first = f"observation {observation:.2g}, " if observation > 0 else ""
        lines.append(
            f"resolution: where nothing is broken this finds mean errors of {first}ε_R {max(reward, 0):.2g} and "
            f"ε_P {max(transition, 0):.2g}; what is printed is without them"
        )
    overlap = min(element.overlap for element in report.elements)
    if overlap < 1:
        lines.append(f"overlap: {overlap:.0%} of the samples have an image where transitions were seen")
    if report.verdict in ("approximate", "broken"):
        lines += _where(report)
        lines += [_worst(worst) for worst in _distinct(report.worst, report.worst_observation)]
    return [_elements(report, title), *lines, *(f"note:    {note}" for note in report.notes)]


def _elements(report: AuditReport, title: str) -> Table:
    table = Table(title=f"{title}, {report.group}, {report.samples} samples", title_justify="left")
    chance = report.elements[0].intervals is not None
    if chance:
        columns = ["observation mean [95%]", "ε_R mean [95%]", "ε_P mean [95%]"]
    else:
        columns = ["observation max", "ε_R max", "ε_R mean", "ε_P max", "ε_P mean"]
    for column in ("element", *columns, "relative", "verdict"):
        named = column in ("element", "verdict")
        table.add_column(column, justify="left" if named else "right", no_wrap=named)
    for element in report.elements:
        numbers = _intervals(element) if chance else _sizes(element)
        table.add_row(element.element, *numbers, f"{element.share:.2g}", element.verdict)
    return table


def _sizes(element: ElementReport) -> list[str]:
    """Errors without chance."""
    observation, reward, transition = element.observation, element.reward, element.transition
    numbers = (reward.maximum, reward.mean, transition.maximum, transition.mean)
    return ["-" if observation is None else f"{observation.maximum:.2g}", *(f"{number:.2g}" for number in numbers)]


def _intervals(element: ElementReport) -> list[str]:
    """Mean errors with what is known of them."""
    assert element.intervals is not None  # chance is in them
    return [_interval(each) for each in vars(element.intervals).values()]


def _interval(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.estimate:.2g} [{interval.low:.2g}, {interval.high:.2g}]"


def _where(report: AuditReport) -> list[str]:
    """What is off, under the element with the largest error relative to its scale."""
    element = max(report.elements, key=lambda each: each.share)
    lines = [
        f"where:   relative to its scale the largest mean error is the {element.shared}'s under {element.element}, "
        f"{element.share:.2g} (scales: what a step changes of each state coordinate, the spread of each observation "
        "coordinate and of rewards)"
    ]
    return lines + [f"         {coordinate}" for coordinate in element.coordinates[:LOCATED]]


def _distinct(worst: Worst, observed: Worst | None) -> list[Worst]:
    """The worst sample of the step, and of the observation where that is another one and off."""
    step = [worst] if worst.reward_error > LEAST or worst.transition_error > LEAST else []
    return step + ([] if observed is None or observed in step else [observed])


def _worst(worst: Worst) -> str:
    seen = "" if worst.observation_error is None else f"observation {worst.observation_error:.3g}, "
    return (
        f"worst:   element {worst.element} at state {_vector(worst.state)}, action {_vector(worst.action)} ({seen}"
        f"ε_R {worst.reward_error:.3g}, ε_P {worst.transition_error:.3g})"
    )


def _vector(values: Sequence[float]) -> str:
    """All entries, or the largest of many."""
    if len(values) <= READABLE:
        return "[" + ", ".join(f"{value:.4g}" for value in values) + "]"
    largest = sorted(range(len(values)), key=lambda i: -abs(values[i]))[:LARGEST]
    named = ", ".join(f"[{i}] {values[i]:.4g}" for i in largest)
    return f"of {len(values)} numbers, the largest {named} (out=x.json holds all)"
