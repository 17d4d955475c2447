"""Mirrors and turns of space, and what they exchange by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import SymmetryError

from .laws import TOLERANCE

FloatArray = NDArray[np.float64]

AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


@dataclass(frozen=True, eq=False)
class Isometry:
    """An orthogonal map of space that takes a body to itself: left is where right was.

    Attributes:
        matrix: (3, 3) orthogonal; points p go to `matrix` p.
        goes: the part of a name → what it becomes: ``{"left": "right", "right": "left"}``. What is called left_hip
            then goes to where right_hip is.

    Raises:
        SymmetryError: the matrix is not orthogonal, or two names go to one.
    """

    matrix: FloatArray
    goes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix, dtype=np.float64)
        if matrix.shape != (3, 3) or not np.abs(matrix @ matrix.T - np.eye(3)).max() < TOLERANCE:
            raise SymmetryError(f"an isometry is an orthogonal 3x3 matrix, got {matrix.tolist()}")
        whole = np.rint(matrix)
        object.__setattr__(self, "matrix", np.where(np.abs(matrix - whole) < 1e-12, whole + 0.0, matrix))
        if set(self.goes) != set(self.goes.values()):
            raise SymmetryError(f"names go {self.goes}: what goes away has to come back, such as ('left', 'right')")

    @property
    def sign(self) -> float:
        """Determinant: -1 of a mirror, which turns pseudovectors round, 1 of a turn."""
        return 1.0 if np.linalg.det(self.matrix) > 0 else -1.0

    def renamed(self, name: str) -> str:
        """Where what has this name goes.

        A part counts where it stands alone: ``left`` in left_hip, hip_left and leftHip, but not in cleft.
        """
        if not self.goes:
            return name
        parts = sorted(self.goes, key=len, reverse=True)
        return re.sub("|".join(map(_alone, parts)), lambda found: self.goes[found[0]], name)


def mirror(axis: str, *pairs: Sequence[str]) -> Isometry:
    """The mirror that turns one axis round and exchanges names.

    ``mirror("y", ("left", "right"))`` is the sagittal mirror of a body that faces x.

    Args:
        axis: ``x``, ``y`` or ``z``: what points along it points the other way.
        pairs: names, or parts of names, that are exchanged.

    Raises:
        SymmetryError: there is no such axis, or a name is in two pairs.
    """
    normal = direction(axis)
    return Isometry(np.eye(3) - 2 * np.outer(normal, normal), _cycles(pairs))


def turn(degrees: float, *cycles: Sequence[str], axis: str = "z") -> Isometry:
    """A turn about an axis, counter-clockwise seen from its tip; each name of a cycle goes to the next.

    ``turn(90, ("front", "left", "back", "right"))`` takes what is in front to the left.

    Args:
        degrees: 360/n for a group of n turns.
        cycles: names, or parts of names.
        axis: ``x``, ``y`` or ``z``.

    Raises:
        SymmetryError: there is no such axis, or a name is in two cycles.
    """
    x, y, z = direction(axis)
    cross, angle = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]]), np.deg2rad(degrees)
    return Isometry(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross, _cycles(cycles))


def exchange(*cycles: Sequence[str]) -> Isometry:
    """Names alone: space stays as it is, and each name of a cycle goes to the next."""
    return Isometry(np.eye(3), _cycles(cycles))


def direction(axis: str | Sequence[float]) -> FloatArray:
    """(3,) unit vector of ``x``, ``-z`` or three numbers.

    Raises:
        SymmetryError: it is none of these.
    """
    if isinstance(axis, str):
        name = axis.strip().removeprefix("+")
        if name.removeprefix("-") not in AXES:
            raise SymmetryError(f"axis {axis!r}: expected x, y, z, -x, -y, -z, or three numbers such as (0, 0.6, 0.8)")
        signed: FloatArray = np.array(AXES[name[-1]]) * (-1.0 if name.startswith("-") else 1.0)
        return signed
    vector = np.asarray(axis, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    if vector.shape != (3,) or not np.isfinite(length) or length == 0:
        raise SymmetryError(f"axis {axis!r}: expected three numbers that are not all 0, or a letter such as 'y'")
    unit: FloatArray = vector / length
    return unit


def _cycles(cycles: Sequence[Sequence[str]]) -> dict[str, str]:
    goes: dict[str, str] = {}
    for cycle in cycles:
        if isinstance(cycle, str) or len(set(cycle)) != len(cycle) or len(cycle) < 2:
            raise SymmetryError(f"{cycle!r}: expected names that change places, such as ('left', 'right')")
        for name, following in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
            if name in goes:
                raise SymmetryError(f"{name!r} is in two cycles; a name goes to one place")
            goes[name] = following
    return goes


def _alone(part: str) -> str:
    """A pattern for a part of a name that is not inside a word or a number."""
    before, after = (_kind(letter) for letter in (part[0], part[-1]))
    return (f"(?<!{before})" if before else "") + re.escape(part) + (f"(?!{after})" if after else "")


def _kind(letter: str) -> str:
    if letter.isdigit():
        return "[0-9]"
    if letter.isalpha():
        return "[a-z]" if letter.islower() else "[A-Z]"
    return ""
