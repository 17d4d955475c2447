"""Gathers a table from RUNS/px-<network>-<seed>, and draws it.

python docs/results/drqv2_small.py runs/drqv2_small.csv --runs runs --figure runs/drqv2_small.png
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

COLOURS = {"plain": "#000000", "exact": "#0072B2", "relaxed": "#D55E00", "rpp": "#009E73"}  # Okabe and Ito
KEPT = ("step", "train_return", "eval_return", "actor_equivariance_error", "critic_equivariance_error")


def gather(runs: Path, table: Path) -> None:
    """One row for every evaluation of every run; nothing is written where there are none."""
    rows = []
    for folder in sorted(runs.glob("px-*-*")):
        _, network, seed = folder.name.split("-")
        rows += [
            (network, seed, *(row[name] for name in KEPT)) for row in csv.DictReader((folder / "metrics.csv").open())
        ]
    if not rows:
        raise SystemExit(f"{runs} holds no px-<network>-<seed>: {table} is left as it is")
    with table.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("network", "seed", *KEPT))
        writer.writerows(rows)


def draw(table: Path, path: Path) -> None:
    """Returns of evaluations; thin lines are seeds."""
    curves: dict[str, dict[str, list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    for row in csv.DictReader(table.open()):
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
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV: read, or with --runs written")
    parser.add_argument("--runs", type=Path, help="folder of runs to gather into the table")
    parser.add_argument("--figure", type=Path, help="the PNG to write")
    given = parser.parse_args()
    if given.runs is not None:
        gather(given.runs, given.table)
    if given.figure is not None:
        draw(given.table, given.figure)
