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


class CartPoleState(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Gives CartPole-v1 ``get_state`` and ``set_state``: what it observes, in full precision."""

    def get_state(self) -> NDArray[np.float64]:
        """(4,) place, velocity, angle and angular velocity."""
        return np.array(self.env.unwrapped.state, dtype=np.float64)  # type: ignore[attr-defined]

    def set_state(self, state: NDArray[np.float64]) -> NDArray[Any]:
        """Put cart and pole into a state; returns the observation there."""
        cart: Any = self.env.unwrapped
        cart.state, cart.steps_beyond_terminated = np.array(state), None
        return np.array(state, dtype=np.float32)


class AcrobotState(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Gives Acrobot-v1 ``get_state`` and ``set_state``: two angles and their velocities."""

    def get_state(self) -> NDArray[np.float64]:
        """(4,) angles, then velocities."""
        return np.array(self.env.unwrapped.state, dtype=np.float64)  # type: ignore[attr-defined]

    def set_state(self, state: NDArray[np.float64]) -> NDArray[Any]:
        """Put both links into a state; returns the observation there."""
        acrobot: Any = self.env.unwrapped
        acrobot.state = np.array(state)
        observation: NDArray[Any] = acrobot._get_ob()
        return observation


TASKS = {
    # actions are discrete, and left and right are exchanged
    "CartPole-v1": Task(
        Symmetry.reflection(observation=[-1, -1, -1, -1], action=[1, 0], state=[-1, -1, -1, -1]),
        "mirror: left and right",
        CartPoleState,
    ),
    # observes cos and sin of both angles, then their velocities; torques are -1, 0 and 1
    "Acrobot-v1": Task(
        Symmetry.reflection(observation=[1, -1, 1, -1, -1, -1], action=[2, 1, 0], state=[-1, -1, -1, -1]),
        "mirror: swinging left and right",
        AcrobotState,
    ),
    # observes cos θ, sin θ and the angular velocity, and pays for θ², velocity² and torque²
    "Pendulum-v1": Task(
        Symmetry.reflection(observation=[1, -1, -1], action=[-1], state=[-1, -1]),
        "mirror: swinging left and right",
        PendulumState,
    ),
}
