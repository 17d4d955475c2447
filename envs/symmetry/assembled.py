"""Parts made of others: grids of numbers about the body, histories, several kinds for each name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from nearsym.envs.errors import SymmetryError

from .isometry import Isometry, direction
from .words import Matrix, Named, Part


@dataclass(frozen=True)
class Grid:
    """Numbers at the points of a rectangle about the body: a map of heights, or the pixels of a camera.

    Attributes:
        name: of the map.
        shape: (rows, columns), or (channels, rows, columns).
        rows: the direction from row to row: ``x``, or ``-z`` of a picture whose first row is above.
        columns: the direction from column to column: ``y``, ``-y`` of a camera that looks along x.

    Raises:
        SymmetryError: a direction is none, or both are along one axis.
    """

    name: str
    shape: tuple[int, ...]
    rows: str = "x"
    columns: str = "y"

    def __post_init__(self) -> None:
        if len(self.shape) not in (2, 3) or min(self.shape) < 1:
            raise SymmetryError(f"shape={self.shape}: expected (rows, columns) or (channels, rows, columns)")
        if abs(direction(self.rows) @ direction(self.columns)) > 0:
            raise SymmetryError(f"rows={self.rows!r}, columns={self.columns!r}: expected two axes")

    @property
    def labels(self) -> tuple[str, ...]:
        """Name and index."""
        return tuple(f"{self.name}[{', '.join(map(str, index))}]" for index in np.ndindex(self.shape))

    def matrix(self, element: Isometry) -> Matrix:
        """(ρ(Q) f)(p) = f(Q⁻¹ p).

        Raises:
            SymmetryError: points would leave the grid's plane or go between its points.
        """
        height, width = self.shape[-2:]
        frame = np.stack([direction(self.rows), direction(self.columns)])
        plane = frame @ element.matrix @ frame.T
        whole = np.rint(plane)
        row, column = np.indices((height, width)).reshape(2, -1)
        points = np.stack([2 * row - (height - 1), 2 * column - (width - 1)])
        moved = (whole @ points + [[height - 1], [width - 1]]) / 2
        target = moved.astype(int)
        inside = (moved == target).all() and ((target >= 0) & (target < [[height], [width]])).all()
        if np.abs(plane - whole).max() > 1e-9 or not np.allclose(plane @ plane.T, np.eye(2)) or not inside:
            raise SymmetryError(
                f"the grid {self.name!r} of {height}x{width} points is not taken to itself; mirrors along its axes do "
                "that, and of a square quarter turns"
            )
        places = target[0] * width + target[1]
        one = sparse.csr_matrix((np.ones(len(places)), (places, np.arange(len(places)))))
        return sparse.kron(sparse.identity(int(np.prod(self.shape[:-2]))), one, format="csr")


class History:
    """The last values of some parts, step after step.

    Args:
        parts: what is observed of each step.
        steps: how many.

    Raises:
        SymmetryError: there are none.
    """

    def __init__(self, *parts: Part, steps: int) -> None:
        if steps < 1 or not parts:
            raise SymmetryError(f"History of {len(parts)} parts and {steps} steps: expected at least one of each")
        self.of, self.steps = parts, steps

    @property
    def labels(self) -> tuple[str, ...]:
        """The name and its step."""
        return tuple(f"{label} @{step}" for step in range(self.steps) for part in self.of for label in part.labels)

    def matrix(self, element: Isometry) -> Matrix:
        """The same at every step."""
        return sparse.kron(sparse.identity(self.steps), together(self.of, element), format="csr")


class Each:
    """Several kinds of numbers for each name: all of the first name, then all of the second.

    ``Each(("left foot", "right foot"), Pseudovectors, Vectors)`` has torque and force of each foot.

    Args:
        names: of the things.
        kinds: what makes a part from names: `Vectors`, or ``lambda *names: Vectors(*names, axes="xy")``.
    """

    def __init__(self, names: Sequence[str], *kinds: Callable[..., Named]) -> None:
        self.of = [kind(*names) for kind in kinds]
        sizes = [len(part.parts) for part in self.of]
        starts = np.cumsum([0] + [size * len(names) for size in sizes[:-1]])
        self.order = [
            int(start + k * size + i)
            for k in range(len(names))
            for start, size in zip(starts, sizes, strict=True)
            for i in range(size)
        ]

    @property
    def labels(self) -> tuple[str, ...]:
        """Name, kind and component."""
        all_labels = [f"{label} ({type(part).__name__.lower()})" for part in self.of for label in part.labels]
        return tuple(all_labels[i] for i in self.order)

    def matrix(self, element: Isometry) -> Matrix:
        """Each kind's own, in this order."""
        return together(self.of, element)[self.order][:, self.order]


def together(parts: Sequence[Part], element: Isometry) -> Matrix:
    """ρ₁(Q) ⊕ ρ₂(Q) ⊕ … of consecutive parts."""
    return sparse.block_diag([part.matrix(element) for part in parts], format="csr")
