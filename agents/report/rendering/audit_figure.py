"""Errors of a symmetry, drawn: over the state space, or of each element where they are the same everywhere."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from nearsym.envs import AuditReport

PANELS = 9
# Okabe and Ito's palette, distinguishable under every common colour blindness
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")


LABELS = {
    "observation": "observation error, largest coordinate",
    "reward": "reward error",
    "transition": "transition error, Euclidean",
    "termination": "termination error",
}


def draw_errors(report: AuditReport, title: str, path: Path) -> None:
    """The error of every sample against each state coordinate, coloured by group element.

    Of observation, reward, transition and termination that error is drawn whose mean is largest relative to its scale,
    which is what the verdict goes by. Of many coordinates the nine are drawn whose value says most about the error (by
    rank correlation of the error with the coordinate or its absolute value). Where no state makes a difference, as in a
    market, of which only laws are compared, the mean errors of each element are drawn instead, beside the resolution.
    """
    transition = report.errors.transition
    if transition.any() and (transition == transition[:, :1]).all():
        _draw_means(report, title, path)
        return
    shared = max(report.elements, key=lambda element: element.share).shared
    values = getattr(report.errors, shared)
    chosen = informative(report.states, np.nan_to_num(values).max(axis=0), PANELS)
    columns = 2 if len(chosen) in (2, 4) else min(3, len(chosen))
    rows = -(-len(chosen) // columns)
    with matplotlib.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(3.2 * columns + 1.2, 2.6 * rows + 0.6), layout="constrained")
        panels = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
        for axes, coordinate in zip(panels, chosen, strict=False):
            for k, element in enumerate(report.elements):
                axes.scatter(
                    report.states[:, coordinate],
                    values[k],
                    s=5,
                    alpha=0.5,
                    linewidths=0,
                    color=COLOURS[k % len(COLOURS)],
                    label=element.element,
                )
            axes.set_xlabel(f"state[{coordinate}]")
            axes.grid(alpha=0.3)
        for axes in list(figure.axes)[len(chosen) :]:
            axes.remove()
        handles, labels = figure.axes[0].get_legend_handles_labels()
        legend = figure.legend(
            handles, labels, title="element", loc="outside right center", frameon=False, markerscale=3
        )
        for handle in legend.legend_handles:
            if handle is not None:
                handle.set_alpha(1)
        figure.suptitle(f"{title}: {report.verdict} ({report.group})")
        if report.verdict == "exact":  # rounding is drawn as the nothing that it is
            scale = getattr(report.scales, shared) or 1.0
            figure.axes[0].set_ylim(-0.05 * scale, scale)
        else:
            figure.axes[0].set_ylim(bottom=0)
        figure.supylabel(LABELS[shared])
        figure.savefig(path, dpi=120)


def _draw_means(report: AuditReport, title: str, path: Path) -> None:
    names = [element.element for element in report.elements]
    with matplotlib.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(8.0, 0.24 * len(names) + 1.4), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, kind, symbol in zip(panels, ("reward", "transition"), ("ε_R", "ε_P"), strict=True):
            errors = [getattr(element, kind).mean for element in report.elements]
            found = [getattr(element.resolution, kind) for element in report.elements]
            axes.barh(names, errors, color=COLOURS[0], height=0.7, label="mean error")
            axes.plot(found, names, "|", color=COLOURS[1], markersize=9, mew=2, label="where nothing is broken")
            axes.set(xlabel=f"{symbol}, {kind}", xlim=(0, None))
            axes.grid(axis="x", alpha=0.3)
        panels[0].invert_yaxis()  # shared by both
        figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=2)
        figure.suptitle(f"{title}: {report.verdict} ({report.group})")
        figure.savefig(path, dpi=120)


def informative(states: np.ndarray, error: np.ndarray, count: int) -> list[int]:  # type: ignore[type-arg]
    """Coordinates of states whose value, or its size, says most about an error by rank correlation, in their own order.

    Args:
        states: (samples, state_dim).
        error: (samples,).
        count: of coordinates to choose; all where there are no more.
    """
    if states.shape[1] <= count:
        return list(range(states.shape[1]))
    ranks = np.argsort(np.argsort(error)).astype(float)
    scores = []
    for column in states.T:
        correlations = [
            abs(np.corrcoef(np.argsort(np.argsort(values)), ranks)[0, 1]) for values in (column, np.abs(column))
        ]
        scores.append(max(correlations))
    return sorted(np.argsort(scores)[-count:].tolist())
