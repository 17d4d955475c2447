"""Gathers docs/results/trading.csv from the evaluations of runs/trade-<network>-<fold>-<seed>, and draws it."""

import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

HERE = Path(__file__).parent
RUNS = Path("runs")
TABLE = HERE / "trading.csv"
NETWORKS = ("plain", "exact", "relaxed", "rpp")
MEASURES = ("annual_return", "annual_volatility", "sharpe", "sortino", "calmar", "max_drawdown", "turnover", "costs")
BLUE, GREY = "#0072B2", "#777777"


def gather() -> None:
    """One row for every run, and one for every reference strategy and fold."""
    rows: dict[tuple[str, str, str], list[object]] = {}
    for folder in sorted(RUNS.glob("trade-*-*-*")):
        _, network, fold, seed = folder.name.split("-")
        report = json.loads((folder / "evaluation.json").read_text())
        noisy = [level["mean"] / 100 for level in report["annual_return_with_price_noise"] if level["noise"] > 0]
        for name, found in report["performance"].items():
            agent = name == "agent"
            key = (network if agent else name, fold, seed if agent else "")
            rows[key] = [found[measure] for measure in MEASURES] + [noisy[0] if agent and noisy else ""]
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("strategy", "fold", "seed", *MEASURES, "annual_return_with_noise"))
        writer.writerows(
            (*key, *(round(x, 5) if isinstance(x, float) else x for x in row)) for key, row in rows.items()
        )


def draw() -> None:
    """The Sharpe ratio of every seed, beside the references'."""
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in csv.DictReader(TABLE.open()):
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
    figure.savefig(HERE / "trading.png", dpi=110)


def summarise() -> None:
    """Print mean and standard deviation over seeds."""
    found: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
    columns = ("annual_return", "sharpe", "max_drawdown", "turnover", "annual_return_with_noise")
    for row in csv.DictReader(TABLE.open()):
        found[row["fold"], row["strategy"]].append(tuple(float(row[name] or "nan") for name in columns))
    for (fold, strategy), values in found.items():
        table = np.array(values)
        cells = " ".join(f"{mean:7.3f} ± {std:.3f}" for mean, std in zip(table.mean(0), table.std(0), strict=True))
        print(f"fold {fold} {strategy:17} {len(values)} seeds  {cells}")


if __name__ == "__main__":
    if RUNS.is_dir():
        gather()
    draw()
    summarise()
