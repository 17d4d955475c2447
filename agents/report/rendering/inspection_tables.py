"""What a trained agent makes of a symmetry, in a table and in words."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from nearsym.agents.runs.inspection import Inspection
from nearsym.envs.auditing import AuditReport
from nearsym.envs.auditing.scales import ROUNDING

APART = 5
"""Assets named as treated apart."""

WIDE = 8
"""Most elements for which a table of what a run makes of them is printed."""

DEPARTED = 0.6
"""Relative error of the policy above which it is reported as no longer equivariant; chosen in docs/audit.md."""


def inspection_tables(inspection: Inspection, report: AuditReport, assets: Sequence[str]) -> list[Table | str]:
    """A table of few elements, and what policy and critic say.

    Args:
        inspection: of a run.
        report: of its environment.
        assets: that its actions are about, if any.
    """
    elements = [element.element for element in report.elements]
    items: list[Table | str] = [_elements(inspection, report)] if len(elements) <= WIDE else []
    if inspection.readings:
        items.append(_readings(inspection))
    error = _measured(inspection.actor, inspection, report)
    departed = [f"{name} ({value:.2f})" for name, value in zip(elements, error, strict=True) if value > DEPARTED]
    if departed:
        named = (
            f"no longer equivariant under {', '.join(departed)}; named where its relative error is above {DEPARTED:g}"
        )
    else:
        named = f"no relative error is above {DEPARTED:g} under any element; the largest is {max(error):.3f}"
    items.append(f"policy:  {named}")
    items += _audits(inspection)
    if inspection.assets and assets:
        order = sorted(zip(inspection.assets, assets, strict=True), reverse=True)
        apart = ", ".join(f"{ticker} {departure:.3f}" for departure, ticker in order[:APART])
        items.append(f"assets:  treated most apart are {apart}; least is {order[-1][1]} {order[-1][0]:.3f}")
    items.append(
        f"critic:  largest gap |Q(s,a) - Q(gs,ga)| = {inspection.orbit_gap:.3g}; if it is right, every exactly "
        f"invariant critic errs by at least {inspection.invariant_error:.3g} somewhere"
    )
    return items


def bound_lines(
    report: AuditReport, discount: float, lipschitz: float | None, inspection: Inspection | None
) -> list[str]:
    """The bound on the value gap, where a Lipschitz constant is given or a run gives one."""
    source = "given"
    if lipschitz is None and inspection is not None:
        lipschitz, source = inspection.lipschitz, "the critic's largest slope between sampled states"
    if lipschitz is None:
        return []
    bound = report.value_gap_bound(discount, lipschitz)
    lines = [
        f"bound:   |Q*(s,a) - Q*(gs,ga)| <= {bound:.3g}, for γ = {discount:g}, Lip(V*) = {lipschitz:.3g} "
        f"({source}), if the sampled errors are the largest"
    ]
    if (report.observation_error or 0.0) > ROUNDING:
        lines.append(
            "         it compares states; what is seen of them is off by up to "
            f"{report.observation_error:.3g}, and values of what is seen may differ by more"
        )
    return lines


def _elements(inspection: Inspection, report: AuditReport) -> Table:
    """How far actor, critics and every relaxed layer are from each element, above what was measured of the world."""
    table = Table(title="relative errors of the run's networks, mean errors of its world", title_justify="left")
    table.add_column("", no_wrap=True)
    for element in report.elements:
        table.add_column(element.element, justify="right")

    def add(label: str, values: Sequence[float]) -> None:
        table.add_row(label, *(f"{value:.3f}" for value in _measured(values, inspection, report)))

    if inspection.visited:
        add("images visited", inspection.visited)
    add("policy's error", inspection.actor)
    add("critics' error", inspection.critic)
    if inspection.departures:
        table.add_section()
        table.add_row("departure of weights")
        for layer, departure in inspection.departures.items():
            add(f"  {layer}", departure)
    table.add_section()
    observed = [element.observation for element in report.elements if element.observation is not None]
    if len(observed) == len(report.elements):
        table.add_row("world: observation", *(f"{each.mean:.2g}" for each in observed))
    table.add_row("world: ε_R", *(f"{element.reward.mean:.2g}" for element in report.elements))
    table.add_row("world: ε_P", *(f"{element.transition.mean:.2g}" for element in report.elements))
    return table


def _readings(inspection: Inspection) -> Table:
    """What networks say of themselves: a row for each layer, or network where all its layers say the same."""
    table = Table(title="readings of the run's networks", title_justify="left")
    table.add_column("", no_wrap=True)
    for kind in inspection.readings:
        table.add_column(kind, justify="right")
    for row in dict.fromkeys(row for values in inspection.readings.values() for row in values):
        shown = (values.get(row) for values in inspection.readings.values())
        table.add_row(row, *("" if value is None else f"{value:.3g}" for value in shown))
    return table


def _audits(inspection: Inspection) -> list[Table | str]:
    """What the last audit of the run's experience found, and when which element was freed."""
    if not inspection.audits:
        return []
    table = Table(title="audits of what was experienced: cost of believing each element", title_justify="left")
    table.add_column("step", justify="right")
    named = [g for g, name in enumerate(inspection.elements) if name != "e"]
    for g in named:
        table.add_column(inspection.elements[g], justify="right")
    kept, freed = [True] * len(inspection.elements), []
    for audit in inspection.audits:
        new = [g for g in named if kept[g] and not audit.kept[g]]
        if new or audit is inspection.audits[-1]:
            cells = (f"{audit.cost[g]:.3f} ± {audit.doubt[g]:.3f}" if kept[g] else "free" for g in named)
            table.add_row(f"{audit.step:,}", *cells)
        if new:
            found = ", ".join(f"{inspection.elements[g]} ({audit.cost[g]:.2f}, {audit.about[g]})" for g in new)
            freed.append(f"freed:   after step {audit.step:,}: {found}")
        kept = audit.kept
    last = inspection.audits[-1].step
    return [table, *(freed or [f"freed:   nothing in {len(inspection.audits)} audits, the last after step {last:,}"])]


def _measured(values: Sequence[float], inspection: Inspection, report: AuditReport) -> list[float]:
    """Those of the elements that were audited, in the order of the report."""
    return [values[inspection.elements.index(element.element)] for element in report.elements]
