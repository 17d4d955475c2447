"""What generators do, drawn: a frame of a state s beside the frame of g·s."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nearsym.envs.auditing import sample_transitions
from nearsym.envs.auditing.outcomes import set_state
from nearsym.envs.errors import InputError, told
from nearsym.envs.spaces import checked
from nearsym.envs.symmetry import Symmetry
from nearsym.envs.wrappers import with_state

SAMPLED = 60
"""Steps of random actions, of which the state that is moved most is drawn."""


def draw_elements(env: gymnasium.Env[Any, Any], symmetry: Symmetry, path: Path, seed: int = 0) -> None:
    """Draw a row of two frames for each generator that moves the state.

    Args:
        env: an environment that renders to an array and whose state can be set.
        symmetry: with its action on the state.
        path: of the picture.
        seed: of the sampled states.

    Raises:
        InputError: the environment draws no frames.
    """
    assert symmetry.state is not None  # it was found with it
    env = checked(with_state(env))
    states = sample_transitions(env, SAMPLED, seed).states
    generators = symmetry.group.generators
    figure = Figure(figsize=(6.4, 3.3 * len(generators)), layout="constrained")
    rows = figure.subplots(len(generators), 2, squeeze=False)
    for (left, right), g in zip(rows, generators, strict=True):
        images = symmetry.state.apply(g, states)
        most = int(np.abs(images - states).sum(axis=1).argmax())
        name = symmetry.group.names[g]
        for axes, state, title in ((left, states[most], "s"), (right, images[most], f"{name}·s")):
            set_state(env, state, seed)
            axes.imshow(_frame(env))
            axes.set_title(title)
            axes.set_axis_off()
    figure.savefig(path, dpi=100)


def _frame(env: gymnasium.Env[Any, Any]) -> NDArray[np.uint8]:
    try:
        frame = env.render()
    except Exception as error:  # whatever an environment's own renderer raises
        raise InputError(f"the environment draws no frames: {told(error)}") from error
    if not isinstance(frame, np.ndarray) or frame.ndim != 3:
        raise InputError("the environment draws no frames; render() returns no array of pixels")
    return frame
