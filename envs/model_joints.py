"""Joints and actuators of a MuJoCo model by name, with their axes: what `Hinges` is declared from."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError

HINGE = 3


def hinge_axes(env: gymnasium.Env[Any, Any]) -> dict[str, tuple[float, float, float]]:
    """The axis of every hinge in the model's order, in the world where all joints are where the model puts them.

    Raises:
        InputError: the environment does not run on MuJoCo.
    """
    import mujoco  # only now: listing environments needs no simulator

    model = _model(env)
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    hinges = (i for i in range(model.njnt) if model.jnt_type[i] == HINGE)
    return {model.joint(i).name or f"joint {i}": _three(data.xaxis[i]) for i in hinges}


def actuator_axes(env: gymnasium.Env[Any, Any]) -> dict[str, tuple[float, float, float]]:
    """Name and axis of the hinge that each actuator drives, in the order of actions; negative gears turn it round.

    Raises:
        InputError: the environment does not run on MuJoCo, or an actuator drives something else.
    """
    model, axes = _model(env), hinge_axes(env)
    driven = {}
    for i in range(model.nu):
        joint = model.joint(int(model.actuator_trnid[i, 0])).name
        if int(model.actuator_trntype[i]) != 0 or joint not in axes:
            raise InputError(f"actuator {i} drives no hinge; declare its part of the action by hand")
        driven[joint] = _three(np.array(axes[joint]) * (1 if model.actuator_gear[i, 0] >= 0 else -1))
    return driven


def _model(env: gymnasium.Env[Any, Any]) -> Any:
    inner: Any = env.unwrapped
    model = getattr(getattr(inner, "physics", inner), "model", None)
    model = getattr(model, "ptr", model)
    if not hasattr(model, "jnt_type"):
        raise InputError(f"{inner} does not run on MuJoCo, so it has no model to read joints of")
    return model


def _three(axis: Any) -> tuple[float, float, float]:
    x, y, z = (float(each) for each in axis)
    return x, y, z
