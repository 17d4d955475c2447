"""Exact symmetries audited from sampled transitions alone, in a table.

python docs/results/hidden_states.py runs/hidden_states.csv
"""

import argparse
import csv
from pathlib import Path
from typing import Any

import gymnasium

from nearsym.envs import audit, make

IDS = (
    "dmc/cartpole-swingup",
    "dmc/pendulum-swingup",
    "dmc/acrobot-swingup",
    "dmc/reacher-easy",
    "dmc/point_mass-easy",
    "dmc/walker-walk",
    "Reacher-v5",
    "Pendulum-v1",
    "Ant-v5",
)
SEEDS = (0, 1, 2)


class Hidden(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment whose state can be neither read nor set."""

    def has_wrapper_attr(self, name: str) -> bool:
        """Everything but the state."""
        return name not in ("get_state", "set_state") and super().has_wrapper_attr(name)


def measure() -> list[dict[str, float | int | str]]:
    """Verdict, largest mean errors and resolutions over elements."""
    rows: list[dict[str, float | int | str]] = []
    for id in IDS:
        for seed in SEEDS:
            report = audit(Hidden(make(id)), samples=1000, seed=seed)
            rows.append(
                {
                    "env": id,
                    "seed": seed,
                    "verdict": report.verdict,
                    "epsilon_reward": max(e.reward.mean for e in report.elements),
                    "resolution_reward": max(e.resolution.reward for e in report.elements),
                    "epsilon_transition": max(e.transition.mean for e in report.elements),
                    "resolution_transition": max(e.resolution.transition for e in report.elements),
                    "step": report.scales.transition,
                    "overlap": min(e.overlap for e in report.elements),
                }
            )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    path = parser.parse_args().table
    table = measure()
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
