"""An isometry of space under which a MuJoCo model matches itself: what goes where, and how state and controls move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .elements import Element
from .simulator import FloatArray


@dataclass(frozen=True, eq=False)
class ModelIsometry:
    """An isometry of space under which a model matches itself, or nearly.

    Attributes:
        name: in words.
        element: on (qpos, qvel, act) and controls.
        space: (3, 3) the isometry.
        bodies: the body that each goes to.
        joints: the joint that each goes to.
        signs: what each joint's coordinate is multiplied by; 1 of free and ball joints.
        actuators: the actuator that each goes to.
        unequal: where the model does not match exactly, in sentences.
    """

    name: str
    element: Element
    space: FloatArray
    bodies: list[int]
    joints: list[int]
    signs: list[float]
    actuators: list[int]
    unequal: tuple[str, ...] = ()


def for_state(isometry: ModelIsometry, model: Any, size: int) -> Element | None:
    """The element on a state of (qpos, qvel, act), perhaps with positions (x, y, z) after them; None for another."""
    inside = model.nq + model.nv + model.na
    if size < inside or (size - inside) % 3:
        return None
    state = np.zeros((size, size))
    state[:inside, :inside] = isometry.element.state
    for start in range(inside, size, 3):
        state[start : start + 3, start : start + 3] = isometry.space
    return Element(state, isometry.element.action)


def pairs(isometry: ModelIsometry, model: Any) -> str:
    """Which joints are exchanged and which change their sign, by name."""

    def called(joint: int) -> str:
        return model.joint(joint).name or f"joint {joint}"

    words = []
    for joint, (image, sign) in enumerate(zip(isometry.joints, isometry.signs, strict=True)):
        minus = "-" if sign < 0 else ""
        if image > joint and isometry.joints[image] == joint:
            words.append(f"{called(joint)} ↔ {minus}{called(image)}")
        elif image != joint and isometry.joints[image] != joint:
            words.append(f"{called(joint)} → {minus}{called(image)}")
        elif image == joint and sign < 0:
            words.append(f"{called(joint)} → -{called(joint)}")
    return ", ".join(words)
