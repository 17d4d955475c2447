"""Gymnasium's classic control tasks."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.symmetry import Symmetry

from .task import Task


class PendulumState(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Gives Pendulum-v1 ``get_state`` and ``set_state``: angle from upright and angular velocity."""

    def get_state(self) -> NDArray[np.float64]:
        """(2,) angle and angular velocity."""
        return np.array(self.env.unwrapped.state, dtype=np.float64)  # type: ignore[attr-defined]

    def set_state(self, state: NDArray[np.float64]) -> NDArray[Any]:
        """Put the pendulum into a state; returns the observation there."""
        pendulum: Any = self.env.unwrapped
        pendulum.state = np.array(state)
        return pendulum._get_obs()


TASKS = {
    # observes cos θ, sin θ and the angular velocity, and pays for θ², velocity² and torque²
    "Pendulum-v1": Task(
        Symmetry.reflection(observation=[1, -1, -1], action=[-1], state=[-1, -1]),
        "mirror: swinging left and right",
        PendulumState,
    )
}
