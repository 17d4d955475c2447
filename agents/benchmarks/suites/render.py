"""Drawing frames, as dm_control's suite does and as we do by default."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Table, rates, take_turns
from nearsym.envs import make

LOOKS: dict[str, dict[str, bool]] = {"dm_control": {"floor": True, "stars": True, "shadows": True}, "nearsym": {}}


def measure(settings: BenchSettings) -> Iterator[Table]:
    """Frames of the cart-pole, 85x85, each of a state that is set."""
    calls: dict[str, Callable[[], object]] = {}
    for name, look in LOOKS.items():
        env = make("dmc/cartpole-swingup", pixels=True, frames=1, **look)
        env.reset(seed=0)
        state = env.get_wrapper_attr("get_state")()
        calls[name] = partial(_draw, env, state, settings.steps)
    rows = rates(take_turns(calls, settings.rounds), settings.steps)
    yield Table("drawing the cart-pole, 85x85", "frames/s", rows, {})


def _draw(env: gymnasium.Env[Any, Any], state: NDArray[np.float64], frames: int) -> None:
    set_state = env.get_wrapper_attr("set_state")
    for _ in range(frames):
        set_state(state)
