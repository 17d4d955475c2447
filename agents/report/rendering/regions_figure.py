"""Where a symmetry is broken, and where a run's networks have given it up, drawn over the states."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nearsym.agents.runs.inspection import Inspection
from nearsym.envs.auditing import AuditReport

from .audit_figure import informative

FloatArray = NDArray[np.float64]

TITLES = {"actor": "policy's relative error", "critic": "critics' relative error"}
CELLS = 16
"""Hexagons side by side in a panel."""


def draw_regions(inspection: Inspection, report: AuditReport, title: str, path: Path) -> bool:
    """Maps over two coordinates of the state: the world's error, the policy's, the critics', and what gates say.

    They are drawn for one element: that of which the world is furthest, or, where the world is exact, the policy. The
    coordinates are the two whose values say most about that error. A cell shows the mean over its samples.

    Args:
        inspection: of a run.
        report: of its environment, from the same samples.
        title: of the figure.
        path: the PNG to write.

    Returns:
        Whether it was drawn: states of one number, as those that an audit of a market compares, have no map.
    """
    regions, states = inspection.regions, inspection.regions.states
    transition = report.errors.transition
    everywhere = transition.any() and (transition == transition[:, :1]).all()  # laws alone were compared
    if states.shape[1] < 2 or everywhere or report.states.shape != states.shape:
        return False
    errors = {name: values for name, values in regions.laws.items() if name in TITLES}
    names = [element.element for element in report.elements]
    if report.verdict == "exact":
        first = next(iter(errors.values()))
        row = max(range(len(names)), key=lambda k: first[inspection.elements.index(names[k])].mean())
    else:
        row = max(range(len(names)), key=lambda k: report.elements[k].share)
    number, world = inspection.elements.index(names[row]), _world(report, row)
    panels = {f"world's {report.elements[row].shared} error, in units of its scale": world}
    panels |= {TITLES[name]: values[number] for name, values in errors.items()}
    panels |= regions.readings
    guide = next(iter(errors.values()))[number] if report.verdict == "exact" else world
    x, y = informative(states, guide, 2)
    columns = 2 if len(panels) in (2, 4) else min(3, len(panels))
    rows = -(-len(panels) // columns)
    with matplotlib.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(4.2 * columns, 3.4 * rows + 0.5), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat
        for axes, (name, values) in zip(grid, panels.items(), strict=False):
            drawn = axes.hexbin(states[:, x], states[:, y], values, gridsize=CELLS, mincnt=1, linewidths=0.2)
            drawn.set_clim(0, 1 if name in regions.readings else _top(drawn.get_array(), report, name))
            axes.set_title(name, fontsize=10)
            figure.colorbar(drawn, ax=axes)
        for axes in list(grid):
            axes.remove()
        figure.supxlabel(f"state[{x}]")
        figure.supylabel(f"state[{y}]")
        figure.suptitle(f"{title}: element {names[row]} of {report.group} over the sampled states")
        figure.savefig(path, dpi=120)
    return True


def _world(report: AuditReport, row: int) -> FloatArray:
    """(samples,) the error that the verdict on an element goes by, relative to its scale."""
    errors, shared = report.errors[row], report.elements[row].shared
    shares = {
        "observation": errors.observation_share,
        "reward": errors.reward / (report.scales.reward or 1.0),
        "transition": errors.transition_share,
        "termination": errors.termination,
    }
    return np.nan_to_num(shares[shared])


def _top(cells: object, report: AuditReport, name: str) -> float:
    """End of a panel's colours; an exact world is drawn as the nothing that it is."""
    if report.verdict == "exact" and name not in TITLES.values():
        return 1.0
    return float(np.max(np.asarray(cells), initial=1e-6))
