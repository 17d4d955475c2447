"""Measures errors against the strength of every perturbation, and draws them.

python docs/results/perturbations.py runs/perturbations.csv runs/perturbations.png
"""

import argparse
import csv
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from nearsym.envs import audit, make
from nearsym.envs.perturbations import PerturbationSettings, perturb

LARGEST = {
    "gravity_tilt": 20,
    "wind": 2,
    "actuator_gain": 1,
    "actuator_bias": 0.5,
    "actuator_reflection": 1,
    "actuator_repeat": 4,
    "reward_asymmetry": 1,
    "camera_roll": 90,
    "camera_tilt": 80,
    "frame_rotation": 90,
    "sensor_offset": 0.5,
    "observation_noise": 0.5,
}
CARTPOLE = "dmc/cartpole-swingup"
TASKS = {"camera_tilt": "dmc/point_mass-easy"}  # raising the cart-pole's camera keeps the mirror
ERRORS = {"observation": "#009E73", "reward": "#E69F00", "transition": "#0072B2"}  # Okabe and Ito
UNITS = {
    **dict.fromkeys(("gravity_tilt", "camera_roll", "camera_tilt", "frame_rotation"), "degrees"),
    "wind": "newtons",
    "actuator_repeat": "extra repeats",
}


def measure() -> list[dict[str, float | str]]:
    """Mean errors at five strengths of each perturbation, over samples and group elements."""
    rows: list[dict[str, float | str]] = []
    for name, largest in LARGEST.items():
        for strength in np.linspace(0, largest, 5):
            camera = name.startswith("camera")
            seen = {"pixels": True} if camera else {"dtype": np.float64}
            env = perturb(make(TASKS.get(name, CARTPOLE), **seen), PerturbationSettings(**{name: strength}))
            elements = audit(env, samples=20 if camera else 300).elements
            means = {error: float(np.mean([getattr(g, error).mean for g in elements])) for error in ERRORS}
            rows.append({"perturbation": name, "strength": strength, **means})
    return rows


def draw(rows: list[dict[str, float | str]], path: Path) -> None:
    """One panel for each perturbation."""
    with matplotlib.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(11, 7.5), layout="constrained")
        for axes, name in zip(figure.subplots(3, 4).flat, LARGEST, strict=True):
            chosen = [row for row in rows if row["perturbation"] == name]
            strengths = [row["strength"] for row in chosen]
            for error, colour in ERRORS.items():
                axes.plot(strengths, [row[error] for row in chosen], "o-", color=colour, label=error)
            axes.set_title(name.replace("_", " ") + (" (point mass)" if name in TASKS else ""))
            axes.set_xlabel(UNITS.get(name, "strength"))
            axes.grid(alpha=0.3)
        figure.axes[0].legend(frameon=False)
        figure.supylabel("mean error (cart-pole; of pixels in grey levels of 255)")
        figure.savefig(path, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path, help="the CSV to write")
    parser.add_argument("figure", type=Path, help="the PNG to write")
    given = parser.parse_args()
    table = measure()
    with given.table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    draw(table, given.figure)
