"""How a report's figures look: a fixed pen for every network, panels in a grid, SVG that is the same every time."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..estimates import Estimate

# Okabe and Ito's palette, distinguishable under every common colour blindness; its yellow is too pale for a thin line
PENS = {
    "plain": ("#000000", "o"),
    "augmented": ("#E69F00", "s"),
    "exact": ("#D55E00", "^"),
    "rpp": ("#009E73", "D"),
    "relaxed": ("#0072B2", "v"),
}
OTHERS = (("#CC79A7", "P"), ("#56B4E9", "X"), *PENS.values())
COLUMNS, WIDTH, HEIGHT = 2, 5.4, 3.8  # inches of one panel; two fill the page
LONE_WIDTH = 7.2  # inches of a figure with one panel


@dataclass(frozen=True)
class Pen:
    """How a network is drawn, by colour, marker and line, so that no reader depends on colour alone."""

    colour: str
    marker: str
    line: str = "-"


def pens(networks: Sequence[str]) -> dict[str, Pen]:
    """The pen of every network; those of nearsym have the same one in every report."""
    own = {network: Pen(*PENS[network]) for network in networks if network in PENS}
    free = [Pen(*style) for style in OTHERS if not any(pen.colour == style[0] for pen in own.values())]
    free += [Pen(*style, "--") for style in OTHERS]
    others = [network for network in networks if network not in PENS]
    return own | {network: free[place % len(free)] for place, network in enumerate(others)}


def panels(
    titles: Sequence[str], ylabel: str, xlabel: str, height: float = HEIGHT, columns: int = COLUMNS
) -> tuple[Figure, list[Axes]]:
    """A figure with one panel for each title, so many in a row."""
    width = COLUMNS * WIDTH / columns
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    with matplotlib.rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False}):
        # room for the legend below, and for the labels of a lone panel
        size = (max(width * columns, LONE_WIDTH), height * rows + 0.5)
        figure = Figure(figsize=size, layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, title in zip(grid, titles, strict=False):
        axes.set_title(_wrapped(title), fontsize=11)
        axes.grid(alpha=0.3)
    for axes in grid[len(titles) :]:
        axes.set_visible(False)
    for axes in grid[: len(titles) : columns]:
        axes.set_ylabel(ylabel)
    for axes in grid[max(0, len(titles) - columns) : len(titles)]:
        axes.set_xlabel(xlabel)
    return figure, list(grid[: len(titles)])


def draw(axes: Axes, estimates: Sequence[Estimate], pen: Pen, label: str | None = None, **style: Any) -> None:
    """A curve with its interval as a band, and about six markers along it."""
    estimates = sorted(estimates, key=lambda estimate: estimate.x)
    x, value, low, high = (np.array([getattr(n, name) for n in estimates]) for name in ("x", "value", "low", "high"))
    axes.fill_between(x, low, high, color=pen.colour, alpha=0.15, linewidth=0)
    look = {"color": pen.colour, "linestyle": pen.line, "marker": pen.marker, "markersize": 4.5, "linewidth": 1.8}
    axes.plot(x, value, label=label, markevery=max(1, len(x) // 6), **{**look, **style})


def legend(figure: Figure, axes: Iterable[Axes], order: Sequence[str]) -> None:
    """One legend below all panels, in the order of networks."""
    by_label: dict[str, Any] = {}
    for one in axes:
        for handle, label in zip(*one.get_legend_handles_labels(), strict=True):
            by_label.setdefault(label, handle)
    labels = [label for label in order if label in by_label] + [label for label in by_label if label not in order]
    handles = [by_label[label] for label in labels]
    columns = 6 if figure.get_figwidth() > LONE_WIDTH else 4  # as many as fit
    figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=min(columns, len(labels)))


def count_steps(axes: Axes) -> None:
    """Steps as 5k and 2M, few enough not to touch."""
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))


def svg(figure: Figure) -> str:
    """The figure as SVG, letters as shapes, the same text for the same figure."""
    text = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "nearsym", "svg.fonttype": "path"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _short(value: float) -> str:
    for unit, name in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:g}{name}"
    return f"{value:g}"


def _wrapped(title: str) -> str:
    """A label on two lines where it is long: the task above its perturbation."""
    return title.replace(", ", "\n", 1) if len(title) > 30 else title
