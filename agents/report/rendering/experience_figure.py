"""What a learner found of a symmetry while learning, drawn over its steps."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from nearsym.agents.runs.inspection import Inspection

from .audit_figure import COLOURS


def draw_audits(inspection: Inspection, tolerated: float, title: str, path: Path) -> None:
    """The cost of believing each element in every audit with four standard errors, until it is freed.

    Args:
        inspection: of a run with audits.
        tolerated: cost up to which an element is kept.
        title: of the figure.
        path: the PNG to write.
    """
    with matplotlib.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(7.2, 3.6), layout="constrained")
        axes = figure.subplots()
        drawn = [g for g, name in enumerate(inspection.elements) if name != "e"]
        for place, g in enumerate(drawn):
            freed = next((k for k, audit in enumerate(inspection.audits) if not audit.kept[g]), None)
            audits = inspection.audits[: None if freed is None else freed + 1]
            colour, steps = COLOURS[place % len(COLOURS)], [audit.step for audit in audits]
            doubt = [4 * audit.doubt[g] for audit in audits]
            axes.errorbar(
                steps,
                [audit.cost[g] for audit in audits],
                doubt,
                color=colour,
                marker="o",
                markersize=4,
                capsize=2,
                label=inspection.elements[g],
            )
            if freed is not None:
                axes.plot(steps[-1], audits[-1].cost[g], "X", color=colour, markersize=10)
        axes.axhline(tolerated, color="0.5", linewidth=1, linestyle="--")
        axes.set(xlabel="environment steps", ylabel="cost of believing it", ylim=(0, None), title=title)
        axes.grid(alpha=0.3)
        figure.legend(title="element\n(✕ freed)", loc="outside right center", frameon=False)
        figure.savefig(path, dpi=120)
