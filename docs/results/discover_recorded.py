"""What recorded transitions of random actions are consistent with, by `nearsym discover transitions=…`.

python docs/results/discover_recorded.py runs/discover_recorded.csv
"""

import argparse
import csv
import time
from pathlib import Path

from nearsym.envs import make, symmetry_of
from nearsym.envs.auditing import sample_transitions
from nearsym.envs.discovering.from_transitions import discover_from_transitions
from nearsym.envs.discovering.recorded import Recorded
from nearsym.envs.errors import InputError

IDS = ("Pendulum-v1", "dmc/cartpole-swingup", "dmc/point_mass-easy", "dmc/ball_in_cup-catch")
IDS += ("Reacher-v5", "Swimmer-v5", "Walker2d-v5")
COUNT = 4000


def matrices(symmetry):
    """What each element does to observation and action."""
    if symmetry is None:
        return set()
    return {matrix.tobytes() for matrix in symmetry.observation.rep.direct_sum(symmetry.action).matrix.round(6) + 0.0}


def row(id, count):
    """One environment."""
    env = make(id)
    declared = symmetry_of(env)
    transitions = sample_transitions(env, count, 0).observed()
    start = time.perf_counter()
    try:
        found, notes = discover_from_transitions(Recorded(transitions)), ""
    except InputError as error:
        found, notes = None, str(error)
    best = found.nearly if found else None
    symmetry = best.symmetry if best else None
    return {
        "env": id,
        "transitions": count,
        "declared": declared.group.name if declared else "",
        "found": symmetry.group.name if symmetry else "",
        "verdict": best.report.verdict if best else "",
        "declared_elements_found": len(matrices(symmetry) & matrices(declared)),
        "other_elements_found": len(matrices(symmetry) - matrices(declared)) if declared else "",
        "resolution_transition": f"{max(e.resolution.transition for e in best.report.elements):.2g}" if best else "",
        "step": f"{best.report.scales.transition:.2g}" if best else "",
        "seconds": f"{time.perf_counter() - start:.1f}",
        "notes": notes or "; ".join(found.notes),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    path = parser.parse_args().table
    rows = [row(id, COUNT) for id in IDS]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
