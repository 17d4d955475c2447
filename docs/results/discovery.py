"""How equivariant trained policies are under each element, beside what is measured of their environments.

    cd docs/examples
    python ../results/discovery.py ../../runs/crane ../../runs/discovery.csv relaxed rpp plain
    python ../results/discovery.py ../../runs/headline ../../runs/discovery_headline.csv relaxed

reads runs of the suites crane.yaml and headline (docs/results.md): a folder, the table to write, and the networks.
"""

import argparse
import csv
from pathlib import Path

import torch

from nearsym.agents.runs.build import build_env
from nearsym.agents.runs.evaluation import load_learner, policy_of
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.envs import audit

SAMPLES = 100
HEADER = ("task", "world", "network", "seed", "element", "observation", "epsilon_reward", "epsilon_transition")


def rows(run, names):
    """Per element: mean errors of the world, relative errors of policy and critics."""
    settings, learner = load_learner(run)
    env = build_env(settings)
    report = audit(env, samples=SAMPLES, seed=0, policy=policy_of(learner))
    inspection = inspect_learner(learner, env, SAMPLES, 0)
    for element in report.elements:
        at = inspection.elements.index(element.element)
        world = (element.observation.mean, element.reward.mean, element.transition.mean)
        agent = (inspection.visited[at], inspection.actor[at], inspection.critic[at])
        yield (*names, element.element, *(f"{value:.4g}" for value in (*world, *agent)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the runs")
    parser.add_argument("table", type=Path, help="the CSV to write")
    parser.add_argument("networks", nargs="+")
    given = parser.parse_args()
    torch.set_num_threads(1)
    found = []
    for config in sorted(given.folder.glob("*/*/*/seed*/config.yaml")):
        task, world, network, seed = config.parent.relative_to(given.folder).parts
        if network in given.networks:
            found += rows(config.parent, (task, world, network, seed.removeprefix("seed")))
    if not found:
        raise SystemExit(f"{given.folder} holds no run of {', '.join(given.networks)}: {given.table} is left as it is")
    with given.table.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*HEADER, "images_visited", "policy_error", "critics_error"))
        writer.writerows(found)
