"""Where a model that matches itself under an isometry does not match exactly, by name and with the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .simulator import FloatArray

if TYPE_CHECKING:
    from .model_isometry import ModelIsometry

SAME = 1e-6
"""Numbers that differ by less, relative to their size, are equal."""

HINGE = 3

OF_DOFS = {"dof_damping": "damping", "dof_armature": "armature", "dof_frictionloss": "friction loss"}
OF_ACTUATORS = {"actuator_gainprm": "gain", "actuator_biasprm": "bias", "actuator_dynprm": "dynamics"}


def differences(model: Any, data: Any, found: ModelIsometry, turned: list[float]) -> tuple[str, ...]:
    """Sentences such as ``right_hip bends to -110 degrees, left_hip to -120``, each pair once.

    Args:
        model: MuJoCo's ``MjModel``.
        data: in the reference pose.
        found: what goes where.
        turned: the sign of every control.
    """
    lines: list[str] = []
    for body, image in enumerate(found.bodies):
        if image < body:
            continue
        one, other = model.body(body).name or f"body {body}", model.body(image).name or f"body {image}"
        away = float(np.linalg.norm(found.space @ data.xipos[body] - data.xipos[image]))
        if body and away > SAME * max(1.0, float(np.abs(data.xipos).max())):
            lines.append(f"the image of {one} is {away:.3g} away from {other if other != one else 'itself'}")
        lines += _numbers("mass", "kg", one, other, model.body_mass[body], model.body_mass[image])
        lines += _numbers(
            "inertia", "", one, other, np.sort(model.body_inertia[body]), np.sort(model.body_inertia[image])
        )
        lines += _geoms(model, body, image, one, other)
    for joint, image in enumerate(found.joints):
        if image >= joint:
            lines += _joint(model, joint, image, found.signs[joint])
    for actuator, image in enumerate(found.actuators):
        if image >= actuator:
            lines += _actuator(model, actuator, image, turned[actuator])
    return tuple(lines)


def _joint(model: Any, joint: int, image: int, sign: float) -> list[str]:
    one, other = model.joint(joint).name or f"joint {joint}", model.joint(image).name or f"joint {image}"
    lines: list[str] = []
    if model.jnt_limited[joint] != model.jnt_limited[image]:
        free = one if model.jnt_limited[image] else other
        lines.append(f"{free} has no limit, {other if free == one else one} has")
    elif model.jnt_limited[joint]:
        moved = np.sort(sign * model.jnt_range[joint])
        hinge = int(model.jnt_type[joint]) == HINGE
        scale, unit = (180 / np.pi, " degrees") if hinge else (1.0, "")
        for expected, there in zip(moved, model.jnt_range[image], strict=True):
            if abs(expected - there) > SAME * max(1.0, abs(expected)):
                goes = "bends" if hinge else "slides"
                whose = f", {other} to {scale * there:g}" if other != one else f" instead of {scale * there:g}"
                lines.append(f"{one} {goes} to {scale * sign * expected:g}{unit}{whose}")
    lines += _numbers("stiffness", "", one, other, model.jnt_stiffness[joint], model.jnt_stiffness[image])
    first, second = int(model.jnt_dofadr[joint]), int(model.jnt_dofadr[image])
    for name, word in OF_DOFS.items():
        lines += _numbers(word, "", one, other, getattr(model, name)[first], getattr(model, name)[second])
    if hinge_or_slide := int(model.jnt_type[joint]) >= HINGE - 1:
        reference = [float(model.qpos_spring[model.jnt_qposadr[j]]) for j in (joint, image)]
        if hinge_or_slide and model.jnt_stiffness[joint] and abs(sign * reference[0] - reference[1]) > SAME:
            lines.append(f"the spring of {one} rests at {reference[0]:g}, that of {other} at {reference[1]:g}")
    return lines


def _actuator(model: Any, actuator: int, image: int, sign: float) -> list[str]:
    one, other = (
        model.actuator(actuator).name or f"actuator {actuator}",
        model.actuator(image).name or f"actuator {image}",
    )
    lines = _numbers("gear", "", one, other, *(abs(model.actuator_gear[a, 0]) for a in (actuator, image)))
    for name, word in OF_ACTUATORS.items():
        lines += _numbers(word, "", one, other, getattr(model, name)[actuator], getattr(model, name)[image])
    for name, word in (("ctrl", "control"), ("force", "force")):
        if getattr(model, f"actuator_{name}limited")[actuator]:
            bounds = getattr(model, f"actuator_{name}range")
            moved = np.sort(sign * bounds[actuator])
            if np.abs(moved - bounds[image]).max() > SAME * max(1.0, float(np.abs(moved).max())):
                lines.append(
                    f"the {word} of {one} lies in {_vector(bounds[actuator])}, of {other} in {_vector(bounds[image])}"
                )
    return lines


def _geoms(model: Any, body: int, image: int, one: str, other: str) -> list[str]:
    """Shapes and friction of two bodies' geometries, in the order of their sizes."""
    if body == image:
        return []
    shapes = []
    for each in (body, image):
        first, count = int(model.body_geomadr[each]), int(model.body_geomnum[each])
        rows = [
            (int(model.geom_type[g]), *np.round(model.geom_size[g], 9), *np.round(model.geom_friction[g], 9))
            for g in range(first, first + count)
        ]
        shapes.append(sorted(rows))
    if len(shapes[0]) != len(shapes[1]):
        return [f"{one} has {len(shapes[0])} geometries, {other} has {len(shapes[1])}"]
    lines = []
    for mine, theirs in zip(*shapes, strict=True):
        lines += _numbers("size", "", one, other, np.array(mine[:4]), np.array(theirs[:4]))
        lines += _numbers("friction", "", one, other, np.array(mine[4:]), np.array(theirs[4:]))
    return lines


def _numbers(what: str, unit: str, one: str, other: str, first: Any, second: Any) -> list[str]:
    """A sentence where two numbers or vectors differ."""
    a, b = np.atleast_1d(np.asarray(first, dtype=np.float64)), np.atleast_1d(np.asarray(second, dtype=np.float64))
    if one == other or np.abs(a - b).max() <= SAME * max(float(np.abs(a).max()), float(np.abs(b).max()), 1e-9):
        return []
    space = f" {unit}" if unit else ""
    return [f"the {what} of {one} is {_vector(a)}{space}, of {other} {_vector(b)}{space}"]


def _vector(values: FloatArray) -> str:
    return f"{values[0]:.4g}" if len(values) == 1 else "[" + ", ".join(f"{value:.4g}" for value in values) + "]"
