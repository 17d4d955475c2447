"""Parts of observations and actions in the field's words: each knows how a mirror or a turn moves its numbers.

Every kind is a sum of copies of one small representation of the isometries Q of space, one for each name:

    scalar        s → s                 rotation matrix   R → Q R Qᵀ
    pseudoscalar  s → det(Q) s          quaternion        (w, v) → (w, det(Q) Q v)
    vector        v → Q v               hinge about a     φ → ±φ, the sign with which det(Q) Q a is the axis there
    pseudovector  v → det(Q) Q v        slide along a     d → ±d, the sign with which Q a is the axis there

and names say which copy goes where. What turns and mirrors the world turns and mirrors the body with it, so vectors may
be given in the world's axes or in the body's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from nearsym.envs.errors import SymmetryError, did_you_mean

from .isometry import AXES, Isometry, direction

FloatArray = NDArray[np.float64]
Matrix = Any
"""A sparse matrix of scipy."""


class Part(Protocol):
    """Numbers with names, and how an isometry moves them."""

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each number."""

    def matrix(self, element: Isometry) -> Matrix:
        """Sparse orthogonal matrix of an isometry on the numbers.

        Raises:
            SymmetryError: the isometry takes one of them to what is not among them.
        """


class Named:
    """Copies of one thing, one for each name, one after another.

    Args:
        names: of the copies; what isometries exchange is found by them.

    Raises:
        SymmetryError: a name is there twice, or there is none.
    """

    components: ClassVar[tuple[str, ...]] = ("",)

    def __init__(self, *names: str) -> None:
        if not names or len(set(names)) != len(names) or not all(isinstance(name, str) for name in names):
            raise SymmetryError(f"{type(self).__name__}{names}: expected one or more different names")
        self.names = names

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each number."""
        return tuple(f"{name} {part}".strip() for name in self.names for part in self.parts)

    @property
    def parts(self) -> tuple[str, ...]:
        """What the numbers of one copy are called."""
        return self.components

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """How the numbers of one copy, `source`, give those of `target`, where it goes."""
        raise NotImplementedError

    def matrix(self, element: Isometry) -> Matrix:
        """Sparse orthogonal matrix of an isometry on the numbers.

        Raises:
            SymmetryError: the isometry takes one of them to what is not among them.
        """
        size, place = len(self.parts), {name: k for k, name in enumerate(self.names)}
        grid = sparse.lil_matrix((size * len(self.names), size * len(self.names)))
        for source, k in place.items():
            target = element.renamed(source)
            if target not in place:
                raise SymmetryError(
                    f"{type(self).__name__}: {source!r} goes to {target!r}, which is not among the names"
                    f"{did_you_mean(target, self.names)}; list it too, or correct the exchanged names"
                )
            row = place[target] * size
            grid[row : row + size, k * size : (k + 1) * size] = self.one(element, source, target)
        return grid.tocsr()


class Scalars(Named):
    """Numbers without a direction: heights, charges, contacts, distances."""

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """[1]."""
        return np.eye(1)


class Pseudoscalars(Named):
    """Numbers that a mirror turns round and a turn leaves: angles and angular velocities of planar bodies."""

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """[det(Q)]."""
        return np.eye(1) * element.sign


class Vectors(Named):
    """Positions, velocities, accelerations, forces, gravity's direction.

    Args:
        names: of the vectors.
        axes: the components that are there, in their order: ``xyz``, in a plane ``xy``, a height ``z``.

    Raises:
        SymmetryError: there are no such axes.
    """

    def __init__(self, *names: str, axes: str = "xyz") -> None:
        super().__init__(*names)
        if not axes or len(set(axes)) != len(axes) or not set(axes) <= set(AXES):
            raise SymmetryError(f"axes={axes!r}: expected different letters of xyz")
        self.axes = axes

    @property
    def parts(self) -> tuple[str, ...]:
        """Its axes."""
        return tuple(self.axes)

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """Q, on the axes that are there."""
        return _on(element.matrix, self.axes, type(self).__name__)


class Pseudovectors(Vectors):
    """Angular velocities, torques, axes: cross products of two vectors, which a mirror turns round besides."""

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """det(Q) Q, on the axes that are there."""
        return element.sign * super().one(element, source, target)


class Rotations(Named):
    """Rotation matrices R, from a body's frame to the world's.

    Args:
        names: of the rotations.
        columns: ``xyz`` for all nine numbers; ``xy`` for the six of the first two columns.
        order: ``C`` for row after row, as numpy flattens; ``F`` for column after column.

    Raises:
        SymmetryError: there are no such columns or order.
    """

    def __init__(self, *names: str, columns: str = "xyz", order: str = "C") -> None:
        super().__init__(*names)
        if columns not in ("xyz", "xy") or order not in ("C", "F"):
            raise SymmetryError(f"columns={columns!r}, order={order!r}: expected xyz or xy, and C or F")
        self.columns, self.order = columns, order

    @property
    def parts(self) -> tuple[str, ...]:
        """Row, then column."""
        if self.order == "C":
            return tuple(row + column for row in "xyz" for column in self.columns)
        return tuple(row + column for column in self.columns for row in "xyz")

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """R → Q R Qᵀ."""
        columns = _on(element.matrix, self.columns, "Rotations")
        return np.kron(element.matrix, columns) if self.order == "C" else np.kron(columns, element.matrix)


class Quaternions(Named):
    """Unit quaternions: (cos φ/2, sin φ/2 · axis), of which q and -q are one rotation.

    R → Q R Qᵀ is (w, v) → (w, det(Q) Q v) on either of the two, since the axis is a pseudovector. These matrices
    multiply as the isometries do, so they are a representation, and take -q to minus the image of q; w keeps its sign.
    A world that is turned alone, without the frame of the body, would multiply q by the quaternion of the turn. That is
    defined up to its sign, and four quarter turns make -1 of it: no representation, and not offered.

    Args:
        names: of the quaternions.
        order: ``wxyz`` (MuJoCo, Isaac) or ``xyzw`` (ROS, scipy).

    Raises:
        SymmetryError: there is no such order.
    """

    def __init__(self, *names: str, order: str = "wxyz") -> None:
        super().__init__(*names)
        if order not in ("wxyz", "xyzw"):
            raise SymmetryError(f"order={order!r}: expected wxyz or xyzw")
        self.order = order

    @property
    def parts(self) -> tuple[str, ...]:
        """Its order."""
        return tuple(self.order)

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """1 ⊕ det(Q) Q."""
        whole = np.eye(4)
        whole[1:, 1:] = element.sign * element.matrix
        rows = ["wxyz".index(letter) for letter in self.order]
        return whole[np.ix_(rows, rows)]


class EulerAngles(Named):
    """Refused: they do not turn linearly, jump by whole turns, and are two for one rotation where they lock."""

    def __init__(self, *names: str) -> None:
        raise SymmetryError(
            f"EulerAngles{names}: a turn of the body changes roll, pitch and yaw by no matrix, and they jump by 360 "
            "degrees; observe Rotations, Quaternions or the vertical as Vectors instead (a mirror alone keeps pitch "
            "and turns roll and yaw round: Scalars and Pseudoscalars, as long as no angle wraps)"
        )


class Hinges(Named):
    """Angles, velocities, targets or torques of hinges.

    Args:
        axes: for each name its axis in the body's frame, where all joints are at zero: ``x``, ``-y`` or three numbers.

    Raises:
        SymmetryError: an axis is none.
    """

    pseudo: ClassVar[bool] = True

    def __init__(self, axes: Mapping[str, str | Sequence[float]]) -> None:
        super().__init__(*axes)
        self.axes = {name: direction(axis) for name, axis in axes.items()}

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """[±1], as the axis there is the image of the axis here or the other way round.

        Raises:
            SymmetryError: it is neither.
        """
        return np.eye(1) * self._sign(element, source, target)

    def _sign(self, element: Isometry, source: str, target: str) -> float:
        image = (element.sign if self.pseudo else 1.0) * element.matrix @ self.axes[source]
        along = float(image @ self.axes[target])
        if abs(abs(along) - 1) > 1e-3:
            raise SymmetryError(
                f"{type(self).__name__}: the axis of {source!r} goes to {image.round(3).tolist()}, the axis of "
                f"{target!r} is {self.axes[target].round(3).tolist()}, neither this nor its opposite; correct an axis "
                "or the exchanged names"
            )
        return 1.0 if along > 0 else -1.0


class Slides(Hinges):
    """Positions, velocities, targets or forces of joints that slide along their axes."""

    pseudo = False


class Angles(Hinges):
    """Angles of hinges, observed as (cos, sin).

    Args:
        axes: as of `Hinges`.
        order: ``cs`` for cosine first, ``sc`` for sine first.

    Raises:
        SymmetryError: an axis is none, or there is no such order.
    """

    def __init__(self, axes: Mapping[str, str | Sequence[float]], order: str = "cs") -> None:
        super().__init__(axes)
        if order not in ("cs", "sc"):
            raise SymmetryError(f"order={order!r}: expected cs or sc")
        self.order = order

    @property
    def parts(self) -> tuple[str, ...]:
        """Its order."""
        return tuple({"c": "cos", "s": "sin"}[letter] for letter in self.order)

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """The sine has the angle's sign."""
        sign = self._sign(element, source, target)
        return np.diag([sign if letter == "s" else 1.0 for letter in self.order])


class Phases(Named):
    """Clocks of a gait as (sin, cos), which a mirror moves on by half a period: (sin, cos) → -(sin, cos).

    Args:
        names: of the clocks.
        shifted: False for clocks of single feet, which are exchanged by name instead, and not moved on.
    """

    components = ("sin", "cos")

    def __init__(self, *names: str, shifted: bool = True) -> None:
        super().__init__(*names)
        self.shifted = shifted

    def one(self, element: Isometry, source: str, target: str) -> FloatArray:
        """det(Q) on both numbers, or the identity.

        Raises:
            SymmetryError: a clock is exchanged and would be moved on too.
        """
        if self.shifted and source != target:
            raise SymmetryError(
                f"Phases: {source!r} goes to {target!r} and would be moved on by half a period besides; clocks of "
                "feet are exchanged alone: Phases(…, shifted=False)"
            )
        return np.eye(2) * (element.sign if self.shifted else 1.0)


def _on(matrix: FloatArray, axes: str, kind: str) -> FloatArray:
    """A matrix on some of the axes, which it must take to themselves."""
    rows = ["xyz".index(letter) for letter in axes]
    inside = matrix[np.ix_(rows, rows)]
    if not np.allclose(inside @ inside.T, np.eye(len(rows)), atol=1e-9):
        raise SymmetryError(
            f"{kind}: the axes {axes} are not taken to themselves; give all components that mix, such as axes='xyz'"
        )
    return inside
