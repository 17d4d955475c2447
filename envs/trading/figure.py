"""What became of an account, beside the references, drawn."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from .backtest import Curve

# Okabe and Ito's palette, distinguishable under every common colour blindness; its yellow is too pale for a thin line
AGENT = "#0072B2"
REFERENCES = ("#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#000000")
STYLES = ("-", "--")


def draw_trading(curves: Mapping[str, Curve], title: str, path: Path, agents: int = 1) -> None:
    """Growth of each account on a logarithmic scale, above its loss since the last peak.

    The first curves, as many as there are agents, are bold. A ruined account's curve ends where it was closed.
    """
    pens = cycle([(colour, style) for style in STYLES for colour in REFERENCES])
    with matplotlib.rc_context(
        {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "date.converter": "concise"}
    ):
        figure = Figure(figsize=(8.0, 5.6), layout="constrained")
        above, below = figure.subplots(2, sharex=True, height_ratios=(2, 1))
        for place, (name, curve) in enumerate(curves.items()):
            colour, style = (AGENT, "-") if place == 0 else next(pens)
            pen = {"color": colour, "linestyle": style, "zorder": 2 if place else 3}
            growth = np.where(curve.value > 0, curve.value / curve.value[0], np.nan)
            drawdown = 100 * (growth / np.fmax.accumulate(growth) - 1)
            above.plot(curve.dates, growth, label=name, linewidth=2.4 if place < agents else 1.0, **pen)
            below.plot(curve.dates, drawdown, linewidth=1.6 if place < agents else 0.8, **pen)
        above.set(title=title, ylabel="value / starting value", yscale="log")
        _ticks_of_growth(above)
        below.set(ylabel="drawdown (%)")
        below.margins(x=0.01)
        for axes in (above, below):
            axes.grid(alpha=0.3)
        figure.legend(*above.get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=3)
        figure.savefig(path, dpi=150)


def _ticks_of_growth(axes: Axes) -> None:
    """Plain numbers on the logarithmic axis: evenly spaced over a small range, 1, 2, 5, 10, … over a large one."""
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]) if high < 5 * low else LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
