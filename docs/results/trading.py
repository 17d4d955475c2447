"""Gathers a table from the evaluations of RUNS/trade-<network>-<fold>-<seed>, prints a summary, and draws it.

python docs/results/trading.py docs/results/trading.csv                      # a summary of the table that is there
python docs/results/trading.py runs/trading.csv --runs runs --figure runs/trading.png
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

NETWORKS = ("plain", "exact", "relaxed", "rpp")
MEASURES = ("annual_return", "annual_volatility", "sharpe", "sortino", "calmar", "max_drawdown", "turnover", "costs")
BLUE, GREY = "#0072B2", "#777777"


def gather(runs: Path, table: Path) -> None:
    """One row for every run, and one for every reference strategy and fold; without runs nothing is written."""
    rows: dict[tuple[str, str, str], list[object]] = {}
    for folder in sorted(runs.glob("trade-*-*-*")):
        _, network, fold, seed = folder.name.split("-")
        report = json.loads((folder / "evaluation.json").read_text())
        noisy = [level["mean"] / 100 for level in report["annual_return_with_price_noise"] if level["noise"] > 0]
        for name, found in report["performance"].items():
            own = {"agent": network, "untrained": f"{network} untrained"}.get(name)
            key = (own or name, fold, seed if own else "")
            rows[key] = [found[measure] for measure in MEASURES] + [noisy[0] if name == "agent" and noisy else ""]
    if not rows:
        raise SystemExit(f"{runs} holds no trade-<network>-<fold>-<seed>: {table} is left as it is")
    with table.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("strategy", "fold", "seed", *MEASURES, "annual_return_with_noise"))
        writer.writerows(
            (*key, *(round(x, 5) if isinstance(x, float) else x for x in row)) for key, row in rows.items()
        )


def draw(table: Path, path: Path) -> None:
    """The Sharpe ratio of every seed, beside the references'."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in csv.DictReader(table.open()):
        found[row["strategy"], row["fold"]].append(float(row["sharpe"]))
    folds = sorted({fold for _, fold in found})
    references = [name for name in dict.fromkeys(name for name, _ in found) if name not in NETWORKS]
    figure = Figure(figsize=(8, 4), layout="constrained")
    panels = figure.subplots(1, len(folds), sharey=True, squeeze=False)[0]
    for axes, fold in zip(panels, folds, strict=True):
        for place, name in enumerate((*NETWORKS, *references)):
            values = found[name, fold]
            colour = BLUE if name in NETWORKS else GREY
            axes.scatter(values, place + np.linspace(-0.15, 0.15, len(values)), s=18, color=colour, linewidths=0)
            axes.plot([np.mean(values)] * 2, [place - 0.3, place + 0.3], color=colour)
        axes.set(title=f"fold {fold}", xlabel="Sharpe ratio of the test period")
        axes.set_yticks(range(len(NETWORKS) + len(references)), (*NETWORKS, *references))
        axes.grid(axis="x", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].invert_yaxis()  # shared by all
    figure.savefig(path, dpi=110)


def summarise(table: Path) -> None:
    """Print mean and standard deviation over seeds."""
    found: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
    measures = ("annual_return", "sharpe", "max_drawdown", "turnover", "annual_return_with_noise")
    for row in csv.DictReader(table.open()):
        found[row["fold"], row["strategy"]].append(tuple(float(row[name] or "nan") for name in measures))
    for (fold, strategy), values in found.items():
        columns = np.array(values)
        cells = " ".join(f"{mean:7.3f} ± {std:.3f}" for mean, std in zip(columns.mean(0), columns.std(0), strict=True))
        print(f"fold {fold} {strategy:17} {len(values)} seeds  {cells}")


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
    summarise(given.table)
