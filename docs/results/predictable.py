"""How much of each environment a model learns from transitions of random actions, which `nearsym discover` needs.

python docs/results/predictable.py runs/predictable.csv
"""

import argparse
import csv
from pathlib import Path

import gymnasium
import numpy as np

from nearsym.envs import make
from nearsym.envs.auditing import sample_transitions
from nearsym.envs.discovering.smooth import HELD, Smooth
from nearsym.envs.discovering.untold import BLUNT

IDS = ("Ant-v5", "Reacher-v5", "Swimmer-v5", "Walker2d-v5", "dmc/walker-walk")
COUNT = 4000


def row(id):
    """One environment: errors on episodes that are held out, relative to what a step changes of each quantity."""
    # gymnasium's own Ant, as the catalogue's observes contact forces
    env = gymnasium.make(id, include_cfrc_ext_in_observation=False) if id == "Ant-v5" else make(id)
    transitions = sample_transitions(env, COUNT, 0)
    change = transitions.next_observations - transitions.observations
    targets = np.column_stack([change, transitions.rewards - transitions.rewards.mean()])
    targets /= np.maximum(np.sqrt((targets**2).mean(axis=0)), 1e-12)
    numbers = np.unique(transitions.episodes)
    held = np.isin(transitions.episodes, numbers[HELD - 1 :: HELD])
    inputs = np.concatenate([transitions.observations, transitions.actions], axis=1)
    missed = Smooth(inputs, targets, held)(inputs[held]) - targets[held]
    moving = np.ptp(targets, axis=0) > 0
    share = np.sqrt((missed**2).mean(axis=0) / np.maximum((targets[held] ** 2).mean(axis=0), 1e-12))[moving]
    return {
        "env": id,
        "transitions": COUNT,
        "quantities": len(share),
        "within_half": int((share <= BLUNT).sum()),
        "median_error": f"{np.median(share):.2f}",
        "largest_error": f"{share.max():.2f}",
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    rows = [row(id) for id in IDS]
    with parser.parse_args().table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
