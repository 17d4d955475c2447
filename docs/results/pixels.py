"""Draws frames, their transforms by the simulator and by pixels, and the difference.

python docs/results/pixels.py runs/pixels.png
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from nearsym.envs import make, symmetry_of

TASKS = (
    "cartpole-swingup",
    "pendulum-swingup",
    "acrobot-swingup",
    "ball_in_cup-catch",
    "reacher_turning-easy",
    "point_mass-easy",
)
COLUMNS = ("frame", "simulator moved", "pixels moved", "difference x 8")
STEPS = 20


def row(task: str) -> list[np.ndarray]:
    """Four images of one task, (height, width, 3)."""
    env = make(f"dmc/{task}", pixels=True, frames=1)
    symmetry = symmetry_of(env)
    assert symmetry is not None and symmetry.state is not None
    env.reset(seed=1)
    env.action_space.seed(0)
    for _ in range(STEPS):
        env.step(env.action_space.sample())
    set_state = env.get_wrapper_attr("set_state")
    state = env.get_wrapper_attr("get_state")()
    frame = set_state(state)
    simulator = set_state(symmetry.state.apply(1, state))
    pixels = symmetry.observation.rep.apply(1, frame.ravel()).reshape(frame.shape)
    difference = np.abs(simulator.astype(int) - pixels.astype(int))
    return [image.transpose(1, 2, 0) for image in (frame, simulator, pixels, np.minimum(8 * difference, 255))]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", type=Path, help="the PNG to write")
    path = parser.parse_args().figure
    figure = Figure(figsize=(7, 10.5), layout="constrained")
    axes = figure.subplots(len(TASKS), len(COLUMNS))
    for task, line in zip(TASKS, axes, strict=True):
        for image, ax in zip(row(task), line, strict=True):
            ax.imshow(image.astype(np.uint8), interpolation="nearest")
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(task)
    for title, ax in zip(COLUMNS, axes[0], strict=True):
        ax.set_title(title)
    figure.savefig(path, dpi=90)
