"""The ways in which a generator is written, read as one array each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import SymmetryError

from .laws import TOLERANCE
from .representation import FloatArray

Generator = Any
"""A sign vector ``[-1, 1]``, a permutation ``[1, 0, 2]`` (coordinate i of the result is coordinate p[i] of
the input), a pair ``(permutation, signs)``, or an orthogonal matrix of shape (dim, dim)."""


def densify(pair: NDArray[Any]) -> FloatArray:
    """The (dim, dim) matrix of a signed permutation given as (2, dim) index and sign."""
    dense: FloatArray = np.eye(pair.shape[1])[pair[0]] * pair[1][:, None]
    return dense


def parse(generator: Generator, where: str) -> tuple[NDArray[Any], bool]:
    """(2, dim) index and sign with True, or a (dim, dim) matrix with False."""
    help_text = (
        "expected a sign vector such as [-1, 1], a permutation such as [1, 0], "
        "a pair (permutation, signs), or an orthogonal matrix"
    )
    if isinstance(generator, tuple) and len(generator) == 2 and all(np.ndim(g) == 1 for g in generator):
        index, sign = (np.asarray(g) for g in generator)
        if (np.abs(sign) == 1).all():  # no row of an orthogonal matrix larger than 1x1
            return _signed(index, sign, where, help_text)
    try:
        array = np.asarray(generator, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SymmetryError(f"{where} is {generator!r}; {help_text}") from error
    if array.size == 0 or not np.isfinite(array).all():
        raise SymmetryError(f"{where} is {generator!r}; {help_text}")
    if array.ndim == 1 and (np.abs(array) == 1).all():
        return _signed(np.arange(len(array)), array, where, help_text)
    if array.ndim == 1:
        return _signed(array, np.ones(len(array)), where, help_text)
    if array.ndim != 2 or array.shape[0] != array.shape[1]:
        raise SymmetryError(f"{where} has shape {array.shape}; {help_text}")
    departure = float(np.abs(array @ array.T - np.eye(len(array))).max())
    if departure > TOLERANCE:
        raise SymmetryError(
            f"{where} is not orthogonal: M Mᵀ departs from the identity by {departure:.2g}; "
            "a symmetry must keep lengths, so give a rotation, mirror or permutation"
        )
    rounded = np.rint(array)
    if np.abs(array - rounded).max() < TOLERANCE:
        return np.stack([np.abs(rounded).argmax(axis=1), rounded.sum(axis=1).astype(np.intp)]), True
    return array, False


def _signed(index: NDArray[Any], sign: NDArray[Any], where: str, help_text: str) -> tuple[NDArray[Any], bool]:
    if index.shape != sign.shape or not np.array_equal(np.sort(index), np.arange(len(index))):
        raise SymmetryError(f"{where} is {index.tolist()} with signs {sign.tolist()}; {help_text}")
    if not (np.abs(sign) == 1).all():
        raise SymmetryError(f"{where} has signs {sign.tolist()}, each must be +1 or -1; {help_text}")
    return np.stack([index.astype(np.intp), sign.astype(np.intp)]), True
