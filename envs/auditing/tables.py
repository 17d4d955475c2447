"""What an audit prints."""

from __future__ import annotations

from rich.table import Table

from .report import AuditReport

READABLE = 24
"""Longest state that is printed."""


def tables(report: AuditReport, title: str) -> list[Table | str]:
    """A table for each group element; scales, resolution and overlap, and the worst sample as lines of text."""
    scales = report.scales
    lines = [
        f"{report.verdict}: a step usually moves the state by {scales.transition:.3g}, "
        f"rewards spread by {scales.reward:.3g}; {report.method}"
    ]
    floors = [element.resolution for element in report.elements]
    reward, transition = (max(getattr(floor, name) for floor in floors) for name in ("reward", "transition"))
    observation = max(floor.observation or 0.0 for floor in floors)
    if reward or transition or observation:
        first = f"observation {observation:.2g}, " if observation else ""
        lines.append(
            f"resolution: where nothing is broken this finds mean errors of {first}ε_R {reward:.2g} and "
            f"ε_P {transition:.2g}"
        )
    overlap = min(element.overlap for element in report.elements)
    if overlap < 1:
        lines.append(f"overlap: {overlap:.0%} of the samples have an image where transitions were seen")
    if report.verdict != "exact":
        lines.append(_worst(report))
    return [_elements(report, title), *lines]


def _elements(report: AuditReport, title: str) -> Table:
    table = Table(title=f"{title}, {report.group}, {report.samples} samples", title_justify="left")
    for column in ("element", "observation max", "ε_R max", "ε_R mean", "ε_P max", "ε_P mean", "verdict"):
        named = column in ("element", "verdict")
        table.add_column(column, justify="left" if named else "right", no_wrap=named)
    for element in report.elements:
        observation, reward, transition = element.observation, element.reward, element.transition
        numbers = (reward.maximum, reward.mean, transition.maximum, transition.mean)
        table.add_row(
            element.element,
            "-" if observation is None else f"{observation.maximum:.2g}",
            *(f"{number:.2g}" for number in numbers),
            element.verdict,
        )
    return table


def _worst(report: AuditReport) -> str:
    worst = report.worst
    if len(worst.state) > READABLE:
        return f"worst:   element {worst.element} at a state of {len(worst.state)} numbers, which out=x.json holds"
    state = ", ".join(f"{value:.4g}" for value in worst.state)
    action = ", ".join(f"{value:.4g}" for value in worst.action)
    return f"worst:   element {worst.element} at state [{state}], action [{action}]"
