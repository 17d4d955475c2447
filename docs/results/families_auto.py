"""What network=auto chooses in every environment of a suite, by audits before anything is trained, as a table.

cd docs/examples
python ../results/families_auto.py families_held_out.yaml ../results/families_auto.csv
"""

import argparse
import csv
import sys
from pathlib import Path

from nearsym.agents.comparison.suite_file import read_suite
from nearsym.agents.runs.choice import choose_network
from nearsym.envs import build
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks.families.registry import architectures

HEAD = ("task", "network", "why")


def main() -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", type=Path, help="its YAML file")
    parser.add_argument("out", type=Path, help="the table that is written")
    given = parser.parse_args()
    rows = []
    try:
        for task in read_suite(given.suite, [*architectures(), "augmented"]).tasks:
            for strengths in task.perturbations:
                perturbation = PerturbationSettings(**strengths)
                env = build(task.id, task.kwargs, perturbation=perturbation, precise=True)
                choice = choose_network(env)
                rows.append((task.folder, choice.network, choice.why))
                print(f"{task.folder}: {choice.why}")
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    with given.out.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *rows])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
