"""How equivariant trained policies are under each element, beside what is measured of their environments.

    cd docs/examples
    python ../results/discovery.py ../../runs/crane discovery.csv relaxed rpp plain
    python ../results/discovery.py ../../runs/headline discovery_headline.csv relaxed

reads runs of the suites crane.yaml and headline (docs/results.md): a folder, the table to write here, and the networks.
"""

import csv
import sys
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
    torch.set_num_threads(1)
    folder, table, *networks = sys.argv[1:]
    with (Path(__file__).parent / table).open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*HEADER, "images_visited", "policy_error", "critics_error"))
        for config in sorted(Path(folder).glob("*/*/*/seed*/config.yaml")):
            task, world, network, seed = config.parent.relative_to(folder).parts
            if network in networks:
                writer.writerows(rows(config.parent, (task, world, network, seed.removeprefix("seed"))))
