"""Draws what nearsym is about: a state and its mirror image, and what a moved sensor does to three networks.

python docs/results/picture.py docs/picture.png
"""

import argparse
import csv
import os
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import t

if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")

from nearsym.envs import build, symmetry_of

TABLE = Path(__file__).with_name("crane.csv")
BARS = {
    "plain": ("#8c8c8c", "plain"),
    "exact": ("#D55E00", "exactly equivariant"),
    "relaxed": ("#0072B2", "relaxed"),
}
OFFSETS = {"": "no offset", "sensor_offset=0.6": "sensor 60 cm off"}
LEAN = 0.5  # radians
CROP = slice(50, 350), slice(40, 440)  # of a frame of 480 x 480: the cart, not the sky


def frames() -> list[np.ndarray]:
    """A cart-pole and its mirror image, both drawn by the simulator."""
    env = build("dmc/cartpole-swingup", film=True)
    symmetry = symmetry_of(env)
    assert symmetry is not None and symmetry.state is not None
    env.reset(seed=0)
    state = np.array([0.5, LEAN, 0.0, 0.0])
    drawn = []
    for element in range(2):
        env.get_wrapper_attr("set_state")(symmetry.state.apply(element, state))
        drawn.append(np.asarray(env.render())[CROP])
    return drawn


def final_returns() -> dict[tuple[str, str], list[float]]:
    """Last return of each seed, for each (network, perturbation)."""
    last: dict[tuple[str, str, str], tuple[float, float]] = {}
    with TABLE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["quantity"] == "return":
                key = row["network"], row["perturbation"], row["seed"]
                last[key] = max(last.get(key, (-1.0, 0.0)), (float(row["x"]), float(row["value"])))
    found: dict[tuple[str, str], list[float]] = {}
    for (network, perturbation, _), (_, value) in last.items():
        found.setdefault((network, perturbation), []).append(value)
    return found


def draw(path: Path) -> None:
    """Two frames, and bars with 95% intervals of Student's t over seeds."""
    figure = Figure(figsize=(9, 2.7), layout="constrained")
    left, right, bars = figure.subplots(1, 3, width_ratios=(1, 1, 1.25))
    titles = ("a state", "its mirror image")
    for axes, frame, title in zip((left, right), frames(), titles, strict=True):
        axes.imshow(frame)
        axes.set(xticks=[], yticks=[])
        axes.set_title(title, fontsize=10)
    left.set_xlabel("declare: a push to the right here …", fontsize=9)
    right.set_xlabel("… is a push to the left here", fontsize=9)
    returns = final_returns()
    for place, (network, (colour, name)) in enumerate(BARS.items()):
        for group, perturbation in enumerate(OFFSETS):
            values = returns[network, perturbation]
            half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
            label = name if group == 0 else None
            bars.bar(group + 0.27 * (place - 1), np.mean(values), 0.25, yerr=half, color=colour, label=label, capsize=2)
    bars.set_xticks(range(len(OFFSETS)), OFFSETS.values())
    bars.set_title("return of a crane after training", fontsize=10)
    bars.legend(fontsize=8, frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    bars.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130, metadata={"Software": None})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", type=Path, help="the PNG to write")
    draw(parser.parse_args().figure)
