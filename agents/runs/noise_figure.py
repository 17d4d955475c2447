"""Return against observation noise, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from nearsym.envs import NoiseLevel

# Okabe and Ito's palette, distinguishable under every common colour blindness
BLUE, ORANGE = "#0072B2", "#E69F00"


def draw_noise(
    levels: Sequence[NoiseLevel], title: str, path: Path, noise_label: str, return_label: str = "return"
) -> None:
    """One dot for each episode, and the interquartile mean with the interquartile range around it.

    Args:
        levels: returns of episodes at each.
        title: of the figure.
        path: the PNG to write.
        noise_label: what levels are.
        return_label: what returns are.
    """
    with matplotlib.rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes = figure.subplots()
        levels = sorted(levels, key=lambda level: level.noise)
        noise = np.array([level.noise for level in levels])
        spread = 0.01 * (np.ptp(noise) or 1.0)
        for level in levels:
            offsets = np.linspace(-spread, spread, len(level.returns))
            axes.scatter(level.noise + offsets, level.returns, s=14, color=ORANGE, alpha=0.7, linewidths=0, zorder=2)
        quartiles = np.array([np.percentile(level.returns, [25, 75]) for level in levels])
        axes.fill_between(
            noise, *quartiles.T, color=BLUE, alpha=0.15, linewidth=0, label="interquartile range of episodes"
        )
        axes.plot(noise, [level.iqm for level in levels], "o-", color=BLUE, label="interquartile mean", zorder=3)
        axes.scatter([], [], s=14, color=ORANGE, label="episode")
        axes.set(title=title, xlabel=noise_label, ylabel=return_label)
        returns = np.concatenate([level.returns for level in levels])
        low, high = min(0.0, returns.min()), max(0.0, returns.max())
        margin = 0.05 * ((high - low) or 1.0)  # room for whole dots; none below an axis of zero
        axes.set_ylim(low - margin if low < 0 else 0.0, high + margin)
        axes.grid(axis="y", alpha=0.3)
        axes.legend(frameon=False)
        figure.savefig(path, dpi=150)
