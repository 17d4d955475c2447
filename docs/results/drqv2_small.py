"""Gathers docs/results/drqv2_small.csv from runs/px-<network>-<seed>, and draws it."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

HERE = Path(__file__).parent
RUNS = Path("runs")
TABLE = HERE / "drqv2_small.csv"
COLOURS = {"plain": "#000000", "exact": "#0072B2", "relaxed": "#D55E00", "rpp": "#009E73"}  # Okabe and Ito
KEPT = ("step", "train_return", "eval_return", "actor_equivariance_error", "critic_equivariance_error")


def gather() -> None:
    """One row for every evaluation of every run."""
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("network", "seed", *KEPT))
        for folder in sorted(RUNS.glob("px-*-*")):
            _, network, seed = folder.name.split("-")
            for row in csv.DictReader((folder / "metrics.csv").open()):
                writer.writerow((network, seed, *(row[name] for name in KEPT)))


def draw() -> None:
    """Returns of evaluations; thin lines are seeds."""
    curves: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in csv.DictReader(TABLE.open()):
        curves[row["network"]][row["seed"]].append((int(row["step"]), float(row["eval_return"])))
    figure = Figure(figsize=(6.5, 4), layout="constrained")
    axes = figure.subplots()
    for network, colour in COLOURS.items():
        seeds = [np.array(points) for points in curves[network].values()]
        for points in seeds:
            axes.plot(*points.T, color=colour, alpha=0.35, linewidth=0.8)
        if seeds:
            axes.plot(seeds[0][:, 0], np.mean([p[:, 1] for p in seeds], axis=0), color=colour, label=network)
    axes.set(xlabel="environment steps (action repeat 4)", ylabel="return", title="cartpole-balance from 45x45 pixels")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(HERE / "drqv2_small.png", dpi=110)


if __name__ == "__main__":
    if RUNS.is_dir():
        gather()
    draw()
