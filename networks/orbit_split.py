"""Orbits of index pairs as copies of coordinates and matrices of low rank, found numerically."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]

TOLERANCE = 1e-9
"""Of what is 0 but for rounding, where entries are around 1."""


@dataclass(frozen=True)
class Split:
    """B_k = rests_k + Σ_a mixture_ka P_a, with rests of low rank and copies (P_a x)[i] = sign[a, i] x[index[a, i]].

    Attributes:
        index: (copies, rows).
        sign: (copies, rows).
        mixture: (count, copies).
        rests: (count, rows, columns).
    """

    index: IntArray
    sign: FloatArray
    mixture: FloatArray
    rests: FloatArray


def split(matrices: FloatArray) -> Split:
    """Split (count, rows, columns) matrices B_k with entries 0, 1 and -1, of orbits of pairs.

    Those with one entry in every row, and not all in one column, are copies. From the others copies are subtracted for
    as long as that lowers their rank, each as often as their most frequent eigenvalue says.
    """
    one = (np.abs(matrices).sum(axis=2) == 1).all(axis=1) & ((matrices != 0).any(axis=1).sum(axis=1) > 1)
    copies = matrices[one]
    mixture, rests = np.zeros((len(matrices), len(copies))), matrices.copy()
    mixture[one], rests[one] = np.eye(len(copies)), 0
    for k in np.flatnonzero(~one):
        rank = _rank(rests[k])
        while len(copies):
            times = [_most_frequent_eigenvalue(rests[k], copy) for copy in copies]
            lower = [rests[k] - number * copy for number, copy in zip(times, copies, strict=True)]
            ranks = [_rank(matrix) for matrix in lower]
            best = int(np.argmin(ranks))
            if ranks[best] >= rank:
                break
            rank, rests[k] = ranks[best], lower[best]
            mixture[k, best] += times[best]
    return Split(np.abs(copies).argmax(axis=2), copies.sum(axis=2), mixture, rests)


def row_basis(matrix: FloatArray) -> FloatArray:
    """(rank, columns) of the rows of a matrix, which span all others; scaled to a largest entry of 1."""
    rows = matrix[np.abs(matrix).max(axis=1) > TOLERANCE]
    if not len(rows):
        return rows
    rows = np.unique(rows.round(9), axis=0)
    triangle, pivots = qr(rows.T, mode="r", pivoting=True)
    sizes = np.abs(np.diagonal(triangle))
    basis = rows[np.sort(pivots[: np.sum(sizes > TOLERANCE * sizes[0])])]
    scaled: FloatArray = basis / basis[np.arange(len(basis)), np.abs(basis).argmax(axis=1), None]
    return scaled


def _rank(matrix: FloatArray) -> int:
    return int(np.linalg.matrix_rank(matrix, tol=TOLERANCE * max(matrix.shape)))


def _most_frequent_eigenvalue(matrix: FloatArray, copy: FloatArray) -> float:
    """The real λ for which matrix - λ copy may lose most of its rank; 0 where there is none."""
    inverse = np.linalg.pinv(copy)
    values = np.linalg.eigvals(inverse @ matrix if len(copy) >= copy.shape[1] else matrix @ inverse)
    real = values[np.abs(values.imag) < 1e-6].real
    if not len(real):
        return 0.0
    near, counts = np.unique(real.round(6), return_counts=True)
    chosen = near[counts.argmax()]
    return float(chosen.round() if abs(chosen - chosen.round()) < 1e-6 else real[np.abs(real - chosen) < 1e-5].mean())
