"""Gymnasium's MuJoCo tasks."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.symmetry import InputError, Symmetry, chain

from .task import Task


class MujocoState(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Gives a MuJoCo task ``get_state`` and ``set_state`` of one vector: qpos, then qvel."""

    def get_state(self) -> NDArray[np.float64]:
        """(nq + nv,) qpos and qvel."""
        data = self.env.unwrapped.data  # type: ignore[attr-defined]
        return np.concatenate([data.qpos, data.qvel])

    def set_state(self, state: NDArray[np.float64]) -> NDArray[Any]:
        """Put the simulator into a state; returns the observation there.

        The solver's warm start is cleared, so that what follows depends on the state alone.

        Raises:
            InputError: wrong size, or not finite.
        """
        import mujoco  # only now: listing environments needs no simulator

        task: Any = self.env.unwrapped
        size = task.model.nq + task.model.nv
        if state.shape != (size,) or not np.isfinite(state).all():
            raise InputError(f"expected a finite state of shape ({size},), got shape {state.shape}: {state}")
        task.data.qacc_warmstart[:] = 0
        task.set_state(state[: task.model.nq], state[task.model.nq :])
        mujoco.mj_rnePostConstraint(task.model, task.data)  # contact forces, which some tasks observe
        return task._get_obs()


# Ant: the body goes along +x, so y -> -y keeps the reward; quarter turns of the body do not.
# joints: hip and ankle of the legs at (+, +), (-, +), (-, -), (+, -); hips turn about z, and the mirrored ankle axes
# are already turned round in the model
ANT_JOINTS = ([6, 7, 4, 5, 2, 3, 0, 1], [-1, 1] * 4)
ANT_ACTION = ([2, 3, 0, 1, 6, 7, 4, 5], [-1, 1] * 4)  # the actuators begin with the fourth leg
ANT_VELOCITY = chain([1, -1, 1], [-1, 1, -1], ANT_JOINTS)
# torque and force on the torso, then on the three bodies of each leg
ANT_BODIES = [0, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3]
ANT_FORCES = ([6 * body + i for body in ANT_BODIES for i in range(6)], [-1, 1, -1, 1, -1, 1] * 13)
QUATERNION = [1, -1, 1, -1]

TASKS = {
    # cart x and pole angle, their velocities
    "InvertedPendulum-v5": Task(
        Symmetry.reflection(observation=[-1] * 4, action=[-1], state=[-1] * 4),
        "mirror: left and right; the model's pole leans by a millimetre",
        MujocoState,
        exact=False,
    ),
    # cart x, sines of both angles, cosines, three velocities, constraint force on the cart
    "InvertedDoublePendulum-v5": Task(
        Symmetry.reflection(observation=[-1, -1, -1, 1, 1, -1, -1, -1, -1], action=[-1], state=[-1] * 6),
        "mirror: left and right; the model's gravity leans by 1e-5 m/s²",
        MujocoState,
        exact=False,
    ),
    # cosines and sines of both angles, target (x, y), both angular velocities, (x, y) from target to finger
    "Reacher-v5": Task(
        Symmetry.reflection(
            observation=[1, 1, -1, -1, 1, -1, -1, -1, 1, -1], action=[-1, -1], state=[-1, -1, 1, -1] * 2
        ),
        "mirror: y to -y",
        MujocoState,
    ),
    # heading and two joints, velocities of x, y, heading and joints; it is paid for going along +x
    "Swimmer-v5": Task(
        Symmetry.reflection(
            observation=[-1, -1, -1, 1, -1, -1, -1, -1], action=[-1, -1], state=[1, -1, -1, -1, -1] * 2
        ),
        "mirror: y to -y",
        MujocoState,
    ),
    # torso height and quaternion, joints, velocities, contact forces
    "Ant-v5": Task(
        Symmetry.reflection(
            observation=chain([1], QUATERNION, ANT_JOINTS, ANT_VELOCITY, ANT_FORCES),
            action=ANT_ACTION,
            state=chain([1, -1, 1], QUATERNION, ANT_JOINTS, ANT_VELOCITY),
        ),
        "mirror: y to -y, exchanging the legs",
        MujocoState,
    ),
}
