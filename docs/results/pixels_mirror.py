"""How far policies that see images are from a mirror, in units of the action: the runs of pixels_mirror.yaml.

    python docs/results/pixels_mirror.py runs/pixels_mirror docs/results/pixels_mirror.csv

Every trained policy drives an episode. At each of its images π(g·o) is held against g·π(o). `nearsym train` writes the
root mean square of the difference divided by that of the action (metrics.csv); where actions are small the quotient is
large however near the mirror is, so both are here, for actions in [-1, 1]. A line for each run.
"""

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
import torch

from nearsym.agents.runs.build import build_env
from nearsym.agents.runs.evaluation import load_learner
from nearsym.envs.errors import InputError

HEAD = ("network", "seed", "return", "action", "difference", "actor_relaxation", "critic_relaxation")


def driven(run: Path, steps: int = 250) -> tuple[float, float, float]:
    """Return of the episode, root mean square of the action, and of π(g·o) - g·π(o)."""
    settings, learner = load_learner(run)
    env, symmetry = build_env(settings), learner.problem.symmetry
    observation, _ = env.reset(seed=0)
    total, actions, differences = 0.0, [], []
    for _ in range(steps):
        moved = learner.observation_rep.apply(1, np.ravel(observation)).reshape(observation.shape)
        action, other = (np.asarray(learner.predict(each)[0], dtype=float) for each in (observation, moved))
        actions.append(action)
        differences.append(other - symmetry.action.apply(1, action))
        observation, reward, terminated, truncated, _ = env.step(action.astype(np.float32))
        total += float(reward)
        if terminated or truncated:
            break
    env.close()
    return total, *(float(np.sqrt(np.mean(np.square(each)))) for each in (actions, differences))


def main() -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="folder of the suite")
    parser.add_argument("out", type=Path, help="the table that is written")
    given = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for run in sorted(given.runs.glob("*/*/*/seed*")):
        if not (run / "metrics.csv").is_file():
            continue
        with (run / "metrics.csv").open(newline="") as file:
            last = list(csv.DictReader(file))[-1]
        try:
            found = driven(run)
        except InputError as error:
            print(f"{run}: {error}", file=sys.stderr)
            return 1
        relaxed = [last[key] and f"{float(last[key]):.3g}" for key in HEAD[5:]]
        rows.append((run.parts[-2], run.name.removeprefix("seed"), *(f"{each:.3g}" for each in found), *relaxed))
        print(", ".join(rows[-1]))
    if not rows:
        print(f"there are no runs in {given.runs}", file=sys.stderr)
        return 1
    with given.out.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *rows])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
