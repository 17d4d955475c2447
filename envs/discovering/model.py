"""Planes of reflection and axes of rotation of a MuJoCo model, read from its geometry in the reference pose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from nearsym.envs.errors import InputError

from .elements import Element
from .model_isometry import ModelIsometry
from .model_matching import Matching
from .simulator import FloatArray

JOINT, TENDON = 0, 3  # of mjtTrn

FOLDS = (2, 3, 4, 5, 6, 8)
"""Rotations by 1/n of a turn that are tried."""


def isometries(model: Any) -> list[ModelIsometry]:
    """All that are found, mirrors first; those that move nothing but space are left out.

    Args:
        model: MuJoCo's ``MjModel``.

    Raises:
        InputError: the model has actuators that neither joints nor fixed tendons transmit.
    """
    import mujoco  # only now: most environments need no MuJoCo

    data = mujoco.MjData(model)
    data.qpos[:] = model.qpos0
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    _check_transmissions(model)
    found: list[ModelIsometry] = []
    for name, space, swap in _candidates(model, data):
        matched = Matching(model, data, space, swap).isometry(name)
        if matched is None or any(_same(matched.element, other.element) for other in found):
            continue
        still = Element(np.eye(len(matched.element.state)), np.eye(len(matched.element.action)))
        if not _same(matched.element, still):
            found.append(matched)
    return found


def model_of(env: Any) -> Any:
    """MuJoCo's ``MjModel`` of an environment, gymnasium's or dm_control's; None where it has none."""
    inner = env.unwrapped
    physics = getattr(inner, "physics", None)
    found = getattr(inner, "model", None) if physics is None else getattr(physics, "model", None)
    found = getattr(found, "ptr", found)  # of dm_control's wrapper
    return found if hasattr(found, "qpos0") and hasattr(found, "jnt_type") else None


def _same(one: Element, other: Element) -> bool:
    return np.allclose(one.state, other.state) and np.allclose(one.action, other.action)


def _candidates(model: Any, data: Any) -> Iterator[tuple[str, FloatArray, bool]]:
    """Name, isometry, and whether bodies in one place are exchanged; gravity stays where it is."""
    gravity = np.array(model.opt.gravity)
    axes = {"x": np.array([1.0, 0, 0]), "y": np.array([0, 1.0, 0]), "z": np.array([0, 0, 1.0])}
    normals = dict(axes)
    for degrees in (45, 135, 30, 60, 120, 150):
        angle = np.radians(degrees)
        normals[f"in the plane across {degrees} degrees from x"] = np.array([np.cos(angle), np.sin(angle), 0])
    for name, normal in normals.items():
        space = np.eye(3) - 2 * np.outer(normal, normal)
        if np.allclose(space @ gravity, gravity, atol=1e-3):
            yield f"mirror, {name} to -{name}" if name in axes else f"mirror, {name}", space, False
    yield "exchange of what lies in one place", np.eye(3), True
    for name, axis in axes.items():
        for fold in FOLDS:
            space = Rotation.from_rotvec(2 * np.pi / fold * axis).as_matrix()
            if np.allclose(space @ gravity, gravity, atol=1e-3):
                yield f"rotation about {name} by 1/{fold} of a turn", space, False


def _check_transmissions(model: Any) -> None:
    wrong = [a for a in range(model.nu) if int(model.actuator_trntype[a]) not in (JOINT, TENDON)]
    if wrong:
        raise InputError(
            f"the model's actuator {model.actuator(wrong[0]).name!r} acts on neither a joint nor a tendon, whose "
            "symmetry geometry tells; discover with env= finds it from the simulator"
        )
