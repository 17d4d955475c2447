"""Learning curves of several contenders, drawn."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

COLOURS = ("#E69F00", "#0072B2", "#009E73", "#CC79A7")


def draw_learning(table: Path, title: str, path: Path) -> None:
    """The mean over seeds of each contender, every seed thinly behind it.

    Args:
        table: CSV with columns sac, seed, step, return.
        title: of the figure.
        path: the PNG to write.
    """
    curves: dict[str, dict[int, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    with table.open(newline="") as file:
        for row in csv.DictReader(file):
            curves[row["sac"]][int(row["seed"])].append((int(row["step"]), float(row["return"])))
    with matplotlib.rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes = figure.subplots()
        for colour, (name, seeds) in zip(COLOURS, curves.items(), strict=False):
            lines = np.array(list(seeds.values()))
            for line in lines:
                axes.plot(line[:, 0], line[:, 1], color=colour, alpha=0.35, linewidth=1)
            mean = lines[:, :, 1].mean(axis=0)
            axes.plot(
                lines[0, :, 0],
                mean,
                color=colour,
                linewidth=2.5,
                label=f"{name} (mean of {len(lines)} seeds)",
            )
        axes.set(title=title, xlabel="environment steps (agent decisions)", ylabel="evaluation return")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        figure.savefig(path, dpi=150)
