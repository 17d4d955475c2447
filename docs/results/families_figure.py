"""What every network of docs/families.md learned in each held-out environment, as a figure.

    cd docs/results
    python families_figure.py families_held_out.png families_held_out.csv --auto families_auto.csv

A row for each task, with a column for the task as it is and one for each break. A dot is the mean of the return over
training, on the scale of docs/families.md, a line its 95% interval by Student's t.
"""

import argparse
import sys
from pathlib import Path

from families_rl import RUNS, conditions_of, families, scores, whole, with_auto
from matplotlib.figure import Figure

from nearsym.agents.report.alignment import Condition
from nearsym.agents.report.intervals import over_tasks
from nearsym.envs.errors import InputError

COLOURS = {
    "plain": "#7f7f7f",
    "exact": "#d62728",
    "relaxed": "#1f77b4",
    "rpp": "#2ca02c",
    "augmented": "#ff7f0e",
    "auto": "#000000",
}
OTHERS = "#9467bd"


def draw(conditions: dict[str, Condition], path: Path) -> None:
    """Write the figure; the format is that of the file's name."""
    tasks: dict[str, list[str]] = {}
    for name in conditions:
        tasks.setdefault(name.rpartition("-")[0], []).append(name)
    networks = families(conditions)
    columns = max(map(len, tasks.values()))
    figure = Figure(figsize=(3.6 * columns, 0.6 + (0.6 + 0.2 * len(networks)) * len(tasks)), layout="constrained")
    axes = figure.subplots(len(tasks), columns, sharex="row", sharey=True, squeeze=False)
    for row, (task, names) in zip(axes, tasks.items(), strict=True):
        for axis, name in zip(row, sorted(names, key=lambda name: not whole(name)), strict=False):
            for place, who in enumerate(networks):
                found = over_tasks([scores(conditions[name], who)]).intervals(0.95)
                colour = COLOURS.get(who, OTHERS)
                axis.plot([found.low[0], found.high[0]], [place, place], color=colour, linewidth=2)
                axis.plot(found.value[0], place, "o", color=colour, markersize=5)
            axis.set_title(f"{task}: {name.rpartition('-')[2]}", fontsize=10)
            axis.grid(axis="x", alpha=0.3)
        for axis in row[len(names) :]:
            axis.set_axis_off()
    axes[0, 0].set_yticks(range(len(networks)), networks)
    axes[0, 0].invert_yaxis()
    for axis in axes[:, 0]:
        axis.tick_params(axis="y", labelsize=8)
    figure.supxlabel("return over training", fontsize=10)
    figure.savefig(path, dpi=110)


def main() -> int:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the figure that is written")
    parser.add_argument("runs", type=Path, nargs="+", help=RUNS)
    parser.add_argument("--auto", type=Path, help="table of families_auto.py")
    given = parser.parse_args()
    try:
        conditions = conditions_of(given.runs)
        draw(with_auto(conditions, given.auto) if given.auto else conditions, given.out)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
