"""States of MuJoCo simulators, gymnasium's and dm_control's, that can be set without a line of one's own."""

from __future__ import annotations

import inspect
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

FloatArray = NDArray[np.float64]


class MujocoState(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Gives an environment on MuJoCo ``get_state`` and ``set_state`` of one vector: qpos, qvel, perhaps act.

    The environment is a gymnasium ``MujocoEnv``, or has dm_control's simulator as ``physics``. A ``get_state`` of its
    own is left as it is, when it begins with qpos and qvel.
    """

    def get_state(self) -> FloatArray:
        """(nq + nv + na,) qpos, qvel and activations of muscles."""
        if self.env.has_wrapper_attr("get_state"):
            own: FloatArray = self.env.get_wrapper_attr("get_state")()
            return own
        data = _simulator(self.env).data
        return np.concatenate([data.qpos, data.qvel, data.act])

    def set_state(self, state: FloatArray) -> Any:
        """Put the simulator into a state; returns the observation there if the environment has ``_get_obs()``.

        The solver's warm start is cleared, so that what follows depends on the state alone.

        Raises:
            InputError: wrong size, or not finite.
        """
        task: Any = self.env.unwrapped
        simulator = _simulator(self.env)
        model, data = simulator.model, simulator.data
        parts = np.cumsum([model.nq, model.nv, model.na])
        if state.shape != (parts[-1],) or not np.isfinite(state).all():
            raise InputError(f"expected a finite state of shape ({parts[-1]},), got shape {state.shape}: {state}")
        qpos, qvel, act, _ = np.split(state, parts)
        if simulator is task:
            import mujoco  # only now: listing environments needs no simulator

            data.qacc_warmstart[:] = 0
            if model.na:
                data.act[:] = act
            task.set_state(qpos, qvel)
            mujoco.mj_rnePostConstraint(model, data)  # contact forces, which some tasks observe
        else:
            with simulator.reset_context():
                data.qpos[:], data.qvel[:], data.act[:] = qpos, qvel, act
        return task._get_obs() if hasattr(task, "_get_obs") else None


def with_state(env: gymnasium.Env[Any, Any]) -> gymnasium.Env[Any, Any]:
    """`env` with a state that can be set, where it runs on MuJoCo and has none of its own.

    MuJoCo's ``set_state(qpos, qvel)`` is taken for what it is. Where a wrapper has to know of states that are set, and
    the environment inside cannot be told of them, nothing is done.
    """
    if _simulator(env) is None:
        return env
    inner = env
    while isinstance(inner, gymnasium.Wrapper):
        if hasattr(type(inner), "set_state"):
            return env
        inner = inner.env
    setter = getattr(inner, "set_state", None)
    if setter is not None and len(inspect.signature(setter).parameters) == 1:  # ours
        return env
    return MujocoState(env)


def _simulator(env: gymnasium.Env[Any, Any]) -> Any:
    """What has MuJoCo's ``model`` and ``data``: gymnasium's environment itself, or dm_control's physics; else None."""
    for holder in (env.unwrapped, getattr(env.unwrapped, "physics", None)):
        if hasattr(getattr(holder, "data", None), "qpos") and hasattr(getattr(holder, "model", None), "nq"):
            return holder
    return None
