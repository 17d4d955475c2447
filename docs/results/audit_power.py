"""Audits of random worlds whose distance from their mirror image is known, in a table.

python docs/results/audit_power.py runs/audit_power.csv
"""

import argparse
import csv
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym import Symmetry, audit

MIRROR = Symmetry.reflection(observation=[-1], action=[-1], state=[-1])
AUDITS, SAMPLES, NOISE = 30, 200, 0.1


class Line(gymnasium.Env[NDArray[Any], NDArray[Any]]):
    """x' = x + a + wind + noise · n, and with some probability a jump by 1: on the right, or away from the middle.

    The mirror image of x' is 2 · wind away, and a jump on one side alone by its probability, everywhere.
    """

    def __init__(self, wind: float = 0.0, noise: float = 0.0, chance: float = 0.0, both: bool = False) -> None:
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float64)
        self.action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float64)
        self.wind, self.noise, self.chance, self.both = wind, noise, chance, both
        self.x = np.zeros(1)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Somewhere."""
        super().reset(seed=seed)
        self.x = self.np_random.uniform(-1, 1, 1)
        return self.x, {}

    def step(self, action: NDArray[Any]) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One push."""
        jump = (self.np_random.random() < self.chance) * (np.sign(self.x) if self.both else self.x > 0)
        self.x = self.x + action + self.wind + self.noise * self.np_random.standard_normal(1) + jump
        return self.x, 0.0, False, False, {}

    def get_state(self) -> NDArray[Any]:
        """Where it is."""
        return self.x

    def set_state(self, state: NDArray[Any]) -> NDArray[Any]:
        """Put it somewhere."""
        self.x = np.array(state)
        return self.x


CASES: dict[str, tuple[float, dict[str, Any]]] = {
    "noise 0.1": (0.0, {"noise": NOISE}),
    "noise 0.1, shift 0.02": (0.02, {"noise": NOISE, "wind": 0.01}),
    "noise 0.1, shift 0.1": (0.1, {"noise": NOISE, "wind": 0.05}),
    "event of 0.1 on both sides": (0.0, {"chance": 0.1, "both": True}),
    "event of 0.1 on one side": (0.1, {"chance": 0.1}),
    "event of 0.03 on one side": (0.03, {"chance": 0.03}),
}


def measure() -> list[dict[str, float | int | str]]:
    """For each world how often each verdict is given, and how often the interval holds the distance."""
    rows: list[dict[str, float | int | str]] = []
    for name, (distance, world) in CASES.items():
        reports = [audit(Line(**world), MIRROR, samples=SAMPLES, seed=seed) for seed in range(AUDITS)]
        intervals = [report.elements[0].intervals for report in reports]
        found = [each.transition for each in intervals if each is not None]
        rows.append(
            {
                "world": name,
                "distance": distance,
                "audits": AUDITS,
                "exact": sum(report.verdict == "exact" for report in reports),
                "consistent": sum(report.verdict == "consistent" for report in reports),
                "approximate or broken": sum(report.verdict in ("approximate", "broken") for report in reports),
                "interval holds it": sum(each.low <= distance <= each.high for each in found),
                "raw": round(float(np.mean([report.elements[0].transition.mean for report in reports])), 4),
                "estimate": round(float(np.mean([each.estimate for each in found])), 4),
                "low": round(float(np.mean([each.low for each in found])), 4),
                "high": round(float(np.mean([each.high for each in found])), 4),
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
