"""Whether trained plain agents meet the break of an environment: the images visited of its broken elements.

    python docs/results/families_met.py runs/families_held_out docs/results/families_met.csv
    python docs/results/families_rl.py held_out runs/families_held_out --met docs/results/families_met.csv

Audits the last checkpoint of every plain run where the symmetry is broken (names of tasks do not end in `-whole`), as
`nearsym audit runs/x` does. A line for each run and each element that the audit calls approximate or broken;
one without a name where it finds none. Runs that the table holds already are left as they are.
"""

import argparse
import csv
import sys
from pathlib import Path

from nearsym.agents.runs.build import build_env
from nearsym.agents.runs.evaluation import load_learner, policy_of
from nearsym.envs import audit
from nearsym.envs.auditing import visited_images
from nearsym.envs.errors import InputError

SAMPLES = 300
HEAD = ("task", "seed", "element", "error", "verdict", "visited")


def breaks(run: Path) -> list[tuple[str, float, str, float]]:
    """Name, error as a share of its scale, verdict and images visited of every element that does not hold."""
    settings, learner = load_learner(run)
    env, policy = build_env(settings, precise=True), policy_of(learner)
    report = audit(env, samples=SAMPLES, seed=settings.seed, policy=policy)
    visited = visited_images(env, policy, learner.observation_rep, settings.seed)
    names = list(learner.problem.symmetry.group.names)
    return [
        (each.element, each.share, each.verdict, float(visited[names.index(each.element)]))
        for each in report.elements
        if each.verdict in ("approximate", "broken")
    ]


def measured(table: Path) -> set[tuple[str, str]]:
    """Task and seed of every run that the table holds."""
    if not table.exists():
        return set()
    with table.open(newline="") as file:
        return {(row["task"], row["seed"]) for row in csv.DictReader(file)}


def main() -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, help="folder of the suite")
    parser.add_argument("out", type=Path, help="the table that is written")
    given = parser.parse_args()
    runs = [run for run in sorted(given.runs.glob("*/*/plain/seed*")) if not run.parts[-4].endswith("-whole")]
    if not runs:
        print(f"there is no run of a plain network where a symmetry is broken in {given.runs}", file=sys.stderr)
        return 1
    known = measured(given.out)
    with given.out.open("a", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        if not known:
            table.writerow(HEAD)
        for run in runs:
            task, seed = run.parts[-4], run.name.removeprefix("seed")
            if (task, seed) in known:
                continue
            try:
                found = breaks(run)
            except InputError as error:
                print(f"{run}: {error}", file=sys.stderr)
                return 1
            for name, share, verdict, visited in found or [("", 0.0, "none", 0.0)]:  # nothing is broken, so nothing met
                table.writerow([task, seed, name, f"{share:.3g}", verdict, f"{visited:.3f}"])
            file.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
