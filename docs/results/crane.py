"""Gathers docs/results/crane.csv from the runs of docs/examples/crane.yaml: every evaluation of every finished run."""

import csv
import json
from pathlib import Path

import yaml

HERE = Path(__file__).parent
RUNS = Path("runs/crane")


def rows():
    """World, network, seed, then step and mean return, or noise and mean return of the trained policy."""
    for config in sorted(RUNS.glob("*/*/*/seed*/config.yaml")):
        folder = config.parent
        if not (folder / "evaluation.json").exists():
            continue
        _, world, network, seed = folder.relative_to(RUNS).parts
        assert yaml.safe_load(config.read_text())["seed"] == int(seed.removeprefix("seed"))
        key = (world, network, seed.removeprefix("seed"))
        with (folder / "metrics.csv").open() as file:
            for row in csv.DictReader(file):
                if row["eval_return"]:
                    yield (*key, "step", row["step"], round(float(row["eval_return"]), 3))
        for level in json.loads((folder / "evaluation.json").read_text())["levels"]:
            yield (*key, "noise", level["noise"], round(level["mean"], 3))


with (HERE / "crane.csv").open("w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("world", "network", "seed", "axis", "at", "return"))
    writer.writerows(rows())
