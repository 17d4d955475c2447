"""Orthogonal representations of a group, stored as signed permutations or as dense matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsym.envs.errors import SymmetryError

from .group import Group
from .laws import MAX_DENSE_DIM, TOLERANCE, check_elements, check_product_law
from .permutations import IntArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Representation:
    """ρ: one orthogonal matrix for each known element of a group.

    Signed permutations, where mirrors, quarter turns and regular features live, are two integer arrays:

        (ρ(g) x)[i] = sign[g, i] · x[index[g, i]]

    Everything else (rotations by other angles) is dense: ``(ρ(g) x)[i] = Σ_j matrices[g, i, j] x[j]``.
    Build one with the class methods, or through `Symmetry`.

    Attributes:
        group: the group represented.
        index: (rows, dim) source coordinate, or None when dense.
        sign: (rows, dim) entries +1 or -1, or None when dense.
        dense: (rows, dim, dim) matrices, or None when a signed permutation.

    Raises:
        SymmetryError: a matrix is not orthogonal, or ρ(g)ρ(h) ≠ ρ(gh); says where and by how much.
    """

    group: Group
    index: IntArray | None = None
    sign: NDArray[np.int8] | None = None
    dense: FloatArray | None = None

    def __post_init__(self) -> None:
        for name, dtype in (("index", np.intp), ("sign", np.int8), ("dense", np.float64)):
            value = getattr(self, name)
            if value is not None:
                array = np.array(value, dtype=dtype)
                array.setflags(write=False)
                object.__setattr__(self, name, array)
        check_elements(self)
        check_product_law(self)

    @classmethod
    def trivial(cls, group: Group, dim: int = 1) -> Representation:
        """Every element leaves all `dim` coordinates where they are."""
        return cls.signed_permutation(group, np.tile(np.arange(dim), (group.rows, 1)))

    @classmethod
    def regular(cls, group: Group) -> Representation:
        """The listed group acting on functions f: G → R by (ρ(g) f)(h) = f(g⁻¹h)."""
        return cls.signed_permutation(group, group.cayley_table[group.inverse])

    @classmethod
    def signed_permutation(cls, group: Group, index: ArrayLike, sign: ArrayLike | None = None) -> Representation:
        """From (rows, dim) source coordinates and signs (all +1 when absent)."""
        index = np.asarray(index, dtype=np.intp)
        sign = np.ones_like(index, dtype=np.int8) if sign is None else np.asarray(sign, dtype=np.int8)
        return cls(group, index=index, sign=sign)

    @classmethod
    def matrices(cls, group: Group, matrices: ArrayLike) -> Representation:
        """From (rows, dim, dim) orthogonal matrices; stored as a signed permutation when they are one."""
        dense = np.asarray(matrices, dtype=np.float64)
        if dense.ndim == 3 and dense.shape[1] == dense.shape[2] and np.isfinite(dense).all():
            rounded = np.rint(dense)
            if np.abs(dense - rounded).max(initial=0) < TOLERANCE and (np.abs(rounded).sum(axis=2) == 1).all():
                return cls.signed_permutation(group, np.abs(rounded).argmax(axis=2), rounded.sum(axis=2))
        return cls(group, dense=dense)

    @property
    def is_signed_permutation(self) -> bool:
        """Whether it is stored as a signed permutation."""
        return self.index is not None

    @property
    def dim(self) -> int:
        """Number of coordinates acted on."""
        return int((self.index if self.index is not None else cast(FloatArray, self.dense)).shape[1])

    @property
    def matrix(self) -> FloatArray:
        """(rows, dim, dim) dense matrices, whatever the storage."""
        if self.dense is not None:
            return self.dense
        index, sign = self.arrays
        if self.dim > MAX_DENSE_DIM:
            raise SymmetryError(f"a representation of dimension {self.dim} is too large for dense matrices")
        return np.eye(self.dim)[index] * sign[..., None]

    @property
    def arrays(self) -> tuple[IntArray, NDArray[np.int8]]:
        """(index, sign) of a signed permutation; raises SymmetryError when dense."""
        if self.index is None or self.sign is None:
            raise SymmetryError(f"{self!r} is dense, a signed permutation was expected")
        return self.index, self.sign

    def apply(self, element: int, x: NDArray[Any]) -> NDArray[Any]:
        """ρ(g) x for x of shape (..., dim)."""
        if x.shape[-1] != self.dim:
            raise SymmetryError(f"{self!r} acts on {self.dim} coordinates, got an array of shape {x.shape}")
        if self.dense is not None:
            return x @ self.dense[element].T
        index, sign = self.arrays
        return x[..., index[element]] * sign[element].astype(x.dtype)

    def reordered(self, order: IntArray) -> Representation:
        """The same action on (x[order[0]], x[order[1]], …)."""
        if self.dense is not None:
            return type(self)(self.group, dense=self.dense[:, order][:, :, order])
        index, sign = self.arrays
        return type(self)(self.group, index=np.argsort(order)[index[:, order]], sign=sign[:, order])

    def direct_sum(self, *others: Representation) -> Representation:
        """ρ₁ ⊕ ρ₂ ⊕ …: acts on the concatenation of the vectors each acts on."""
        parts = (self, *others)
        _check_one_group("direct sum", parts)
        if all(part.is_signed_permutation for part in parts):
            offsets = np.cumsum([0] + [part.dim for part in parts[:-1]])
            index = np.concatenate([p.arrays[0] + o for p, o in zip(parts, offsets, strict=True)], axis=1)
            return Representation.signed_permutation(
                self.group, index, np.concatenate([p.arrays[1] for p in parts], axis=1)
            )
        dim = sum(part.dim for part in parts)
        dense, start = np.zeros((self.group.rows, dim, dim)), 0
        for part in parts:
            stop = start + part.dim
            dense[:, start:stop, start:stop] = part.matrix
            start = stop
        return Representation(self.group, dense=dense)

    def restricted(self, start: int, stop: int) -> Representation:
        """The subrepresentation on coordinates start, …, stop - 1 of a signed permutation.

        Raises:
            SymmetryError: they are not invariant: an element takes one of them outside.
        """
        index, sign = self.arrays
        return Representation.signed_permutation(self.group, index[:, start:stop] - start, sign[:, start:stop])

    def copies(self, channels: int) -> Representation:
        """1 ⊗ ρ on `channels` copies: coordinate ``c·dim + i`` is coordinate i of channel c."""
        return self.direct_sum(*[self] * (channels - 1)) if channels > 1 else self

    def tensor_product(self, other: Representation) -> Representation:
        """ρ₁ ⊗ ρ₂ of two signed permutations: coordinate ``i·dim₂ + j`` is the pair (i, j)."""
        _check_one_group("tensor product", (self, other))
        (index, sign), (other_index, other_sign) = self.arrays, other.arrays
        rows = self.group.rows
        return Representation.signed_permutation(
            self.group,
            (index[:, :, None] * other.dim + other_index[:, None, :]).reshape(rows, -1),
            (sign[:, :, None] * other_sign[:, None, :]).reshape(rows, -1),
        )

    def permutation(self) -> Representation:
        """|ρ|: the permutation left when the signs of a signed permutation are dropped."""
        return Representation.signed_permutation(self.group, self.arrays[0])

    def __eq__(self, other: object) -> bool:
        """Same group and same matrices."""
        if (
            not isinstance(other, Representation)
            or self.group != other.group
            or self.is_signed_permutation != other.is_signed_permutation
        ):
            return False
        if self.is_signed_permutation:
            return all(np.array_equal(a, b) for a, b in zip(self.arrays, other.arrays, strict=True))
        return np.array_equal(self.matrix, other.matrix)

    def __hash__(self) -> int:
        """Agrees with equality."""
        return hash((self.group, self.dim, self.is_signed_permutation))

    def __repr__(self) -> str:
        """Such as ``Representation(D4, dim 4, signed permutation)``."""
        kind = "signed permutation" if self.is_signed_permutation else "dense"
        return f"Representation({self.group.name}, dim {self.dim}, {kind})"


def direct_sum(parts: Sequence[Representation]) -> Representation:
    """ρ₁ ⊕ … ⊕ ρ_n of a non-empty sequence."""
    return parts[0].direct_sum(*parts[1:])


def _check_one_group(what: str, parts: Sequence[Representation]) -> None:
    other = next((part.group for part in parts if part.group != parts[0].group), None)
    if other is not None:
        raise SymmetryError(
            f"a {what} needs one group, got {parts[0].group!r} and {other!r}, which are not the same in names or in "
            "what their generators do; close all parts together, or build both on one Group"
        )
