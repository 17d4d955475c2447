"""What a symmetry adds to layers, and layers to a symmetry: differences with 95% intervals, as a table in Markdown.

    python docs/results/blocks.py runs/blocks_walker                     # a suite of blocks*.yaml
    python docs/results/blocks.py docs/results/blocks_walker.csv         # or a report's evaluations.csv

Of scores: dm_control's returns divided by 1,000; elsewhere 0 is the untrained network and 1 the best mean. Rows of
several layers or networks are means of their differences. Intervals by Student's t over seeds.
"""

import argparse
import sys
from pathlib import Path

from nearsym.agents.report.alignment import align
from nearsym.agents.report.intervals import difference
from nearsym.agents.report.learning import pooled_areas
from nearsym.agents.report.loading import read_comparison
from nearsym.envs.errors import InputError

LAYERS = {"stock layers": "", "`norm`": "-norm", "`residual`": "-residual"}
COLUMNS = {"final return": 0, "over training": 1}


def rows() -> dict[str, tuple[list[str], list[str]]]:
    """By what is asked, the networks on either side."""
    asked = {f"exact less plain, {name}": ([f"exact{end}"], [f"plain{end}"]) for name, end in LAYERS.items()}
    asked["exact less plain, all three"] = (
        [f"exact{e}" for e in LAYERS.values()],
        [f"plain{e}" for e in LAYERS.values()],
    )
    for name, end in list(LAYERS.items())[1:]:
        asked[f"{name} less stock, plain and exact"] = ([f"plain{end}", f"exact{end}"], ["plain", "exact"])
    return asked


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="a suite's folder, or a report's evaluations.csv")
    given = parser.parse_args()
    try:
        condition = align(read_comparison(given.runs).records)
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"| {condition.task} | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
    for name, (mine, theirs) in rows().items():
        cells = []
        for column in COLUMNS.values():
            one, other = (
                [pooled_areas([condition], who)[0][:, column : column + 1] for who in side] for side in (mine, theirs)
            )
            found = difference(one, other).intervals(0.95)
            cells.append(f"{found.value[0]:+.2f} [{found.low[0]:+.2f}, {found.high[0]:+.2f}]")
        print(f"| {name} | {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
