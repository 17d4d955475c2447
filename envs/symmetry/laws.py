"""The laws that make matrices a representation: each orthogonal, and products where the group has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import SymmetryError

from .permutations import IntArray

if TYPE_CHECKING:
    from .representation import Representation

TOLERANCE = 1e-9
"""Largest departure from orthogonality or the product law that counts as rounding."""

MAX_DENSE_DIM = 4096
"""Largest dimension of dense matrices: beyond it a representation must be a signed permutation."""


def check_elements(rep: Representation) -> None:
    """One orthogonal matrix, or one signed permutation, for each row of the group."""
    rows, names = rep.group.rows, rep.group.names
    if (rep.index is None) != (rep.sign is None) or (rep.index is None) == (rep.dense is None):
        raise SymmetryError("a representation is either index and sign, or dense matrices")
    if rep.dense is not None:
        shape = rep.dense.shape
        if rep.dense.ndim != 3 or shape[0] != rows or shape[1] != shape[2] or shape[1] > MAX_DENSE_DIM:
            raise SymmetryError(
                f"expected {rows} square matrices of at most {MAX_DENSE_DIM} rows for {rep.group!r}, got shape {shape}"
            )
        error = np.abs(rep.dense @ rep.dense.transpose(0, 2, 1) - np.eye(shape[1])).max(axis=(1, 2), initial=0)
        worst = int(np.argmax(np.where(np.isfinite(error), error, np.inf)))
        if not error[worst] <= TOLERANCE:
            raise SymmetryError(
                f"the matrix of element {names[worst]} is not orthogonal: M Mᵀ departs from the identity by "
                f"{error[worst]:.2g}; a symmetry must keep lengths, so give a rotation, mirror or permutation"
            )
        return
    index, sign = rep.arrays
    if index.ndim != 2 or index.shape != sign.shape or len(index) != rows:
        raise SymmetryError(
            f"expected index and sign of shape ({rows}, dim) for {rep.group!r}, got {index.shape} and {sign.shape}"
        )
    if not (np.abs(sign) == 1).all():
        raise SymmetryError("signs of a signed permutation must be +1 or -1")
    wrong = np.flatnonzero((np.sort(index, axis=1) != np.arange(rep.dim)).any(axis=1))
    if len(wrong):
        raise SymmetryError(
            f"element {names[wrong[0]]} is not a permutation of 0..{rep.dim - 1}: {index[wrong[0]].tolist()}"
        )


def check_product_law(rep: Representation) -> None:
    """ρ(g)ρ(a) = ρ(ga) for every g and generator a, which implies it for all pairs.

    Of an unlisted group only ρ(a)ⁿ = 1, where n is the order of a.
    """
    if rep.group.table is None:
        _check_generator_orders(rep)
        return
    table, names = rep.group.table, rep.group.names
    for a in rep.group.generators:
        if rep.is_signed_permutation:
            index, sign = rep.arrays
            # (ρ(g)ρ(a) x)[i] = s_g[i] s_a[π_g(i)] x[π_a(π_g(i))]
            same = (index[table[:, a]] == index[a][index]) & (sign[table[:, a]] == sign * sign[a][index])
            error = 2.0 * (~same).any(axis=1)
        else:
            error = np.abs(rep.matrix @ rep.matrix[a] - rep.matrix[table[:, a]]).max(axis=(1, 2), initial=0)
        g = int(error.argmax())
        if error[g] > TOLERANCE * len(table):
            raise SymmetryError(
                f"generators do not close consistently: ρ({names[g]})·ρ({names[a]}) differs from "
                f"ρ({names[table[g, a]]}) by {error[g]:.2g}, so this is no representation of {rep.group.name}"
            )


def _check_generator_orders(rep: Representation) -> None:
    for a, (name, order) in enumerate(zip(rep.group.names, rep.group.generator_orders, strict=True)):
        if not rep.is_signed_permutation:
            error = float(np.abs(np.linalg.matrix_power(rep.matrix[a], order) - np.eye(rep.dim)).max(initial=0))
        else:
            index, sign = (array[a] for array in rep.arrays)
            error = 2.0 * _moves(index, sign, order)
        if error > TOLERANCE * order:
            raise SymmetryError(
                f"ρ({name})^{order} departs from the identity by {error:.2g}, and {name}^{order} is the identity: "
                f"this is no representation of {rep.group.name}"
            )


def _moves(index: IntArray, sign: NDArray[np.int8], power: int) -> bool:
    """Whether a power of a signed permutation is not the identity, by repeated squaring."""
    source, signs = np.arange(len(index)), np.ones_like(sign)
    while power:
        if power % 2:
            source, signs = index[source], signs * sign[source]
        index, sign = index[index], sign * sign[index]
        power //= 2
    return bool((source != np.arange(len(index))).any() or (signs < 0).any())
