"""What `nearsym discover` finds where a symmetry is declared, without looking at it, and on models without one.

    python docs/results/discover.py runs/discover.csv
    python docs/results/discover.py runs/x.csv dmc/cartpole-swingup Ant-v5

A declared element is found when the group that was found has one that does the same to observation and action.
"""

import argparse
import csv
import time
from pathlib import Path

import gymnasium
import numpy as np

from nearsym.envs import catalogue, family_of, make, symmetry_of
from nearsym.envs.discovering import discover
from nearsym.envs.errors import InputError

OTHERS = ("dmc/hopper-hop", "dmc/cheetah-run", "dmc/finger-spin", "Hopper-v5", "HalfCheetah-v5", "Walker2d-v5")
OTHERS += ("Pusher-v5", "dmc/dog-stand", "dmc/quadruped-walk")
"""Environments whose symmetry is not declared."""


class Hidden(gymnasium.Wrapper):
    """An environment that does not tell its symmetry."""

    def has_wrapper_attr(self, name):
        """Everything but that."""
        return name != "symmetry" and super().has_wrapper_attr(name)


def elements(symmetry):
    """(rows,) what each known element does to observation and action, as one matrix each."""
    rep = symmetry.observation.rep.direct_sum(symmetry.action)
    return rep.matrix


def alike(found, declared, env):
    """Share of declared elements that are found, on the observations that there are.

    Coordinates that are always equal may be exchanged, so elements are compared by what they do to observations.
    """
    env.reset(seed=0)
    env.action_space.seed(0)
    rows = []
    for k in range(200):
        action = env.action_space.sample()
        observation, _, terminated, truncated, _ = env.step(action)
        rows.append(np.concatenate([np.ravel(observation), action]).astype(np.float64))
        if terminated or truncated:
            env.reset(seed=k)
    seen = np.array(rows)
    moved = [seen @ matrix.T for matrix in elements(found)]
    count = 0
    for matrix in elements(declared):
        want = seen @ matrix.T
        count += any(np.abs(want - each).max() < 1e-4 * max(1.0, np.abs(want).max()) for each in moved)
    return count / declared.group.rows


def row(id):
    """One environment."""
    env = make(id, **family_of(id).precise)
    declared = symmetry_of(env)
    start = time.perf_counter()
    found = discover(Hidden(env))
    seconds = time.perf_counter() - start
    exact, nearly = found.exact, found.nearly
    best = nearly or exact
    return {
        "env": id,
        "declared": declared.group.name if declared else "",
        "exact": exact.symmetry.group.name if exact else "",
        "exact_elements": exact.symmetry.group.order if exact else 1,
        "nearly": nearly.symmetry.group.name if nearly else "",
        "declared_found": "" if declared is None or best is None else f"{alike(best.symmetry, declared, env):.2f}",
        "largest_relative_error": "" if best is None else f"{max(e.share for e in best.report.elements):.2g}",
        "continuous": found.continuous,
        "singular": " ".join(f"{value:.1g}" for value in found.singular[:3]),
        "seconds": f"{seconds:.1f}",
        "notes": "; ".join(found.notes),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    parser.add_argument("ids", nargs="*", help="environments; by default the catalogue's and some others")
    given = parser.parse_args()
    ids = given.ids or [*(entry.id for entry in catalogue()), *OTHERS]
    with given.table.open("w", newline="") as file:
        writer = None
        for id in ids:
            try:
                found = row(id)
            except InputError as error:
                print(f"{id}: {error}")
                continue
            if writer is None:
                writer = csv.DictWriter(file, list(found), lineterminator="\n")
                writer.writeheader()
            writer.writerow(found)
            file.flush()
            print(found, flush=True)
