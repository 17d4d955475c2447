"""How the observation moves when state and action do: regression of o(g·s) on o(s)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from nearsym.envs.errors import InputError

from .elements import SINGLE, Element, IntArray, signed_matrix
from .simulator import FloatArray, Simulator


def observed_elements(simulator: Simulator, elements: list[Element], samples: int, tolerance: float) -> list[Element]:
    """The elements under which observations move linearly, with how they do.

    Args:
        simulator: the environment.
        elements: on state and action.
        samples: states at which observations are compared, and after a step from them: some quantities, such as forces
            of actuators, are only there after a step.
        tolerance: largest mean residual, relative to each coordinate's spread.
    """
    pairs = simulator.spaced(samples)
    before = np.concatenate([simulator.step(*pair).observations for pair in pairs])
    found = []
    for element in elements:
        try:
            after = [simulator.step(element.state @ s, element.action @ a).observations for s, a in pairs]
        except InputError:
            continue
        matrix, residual = observed_matrix(before, np.concatenate(after))
        if residual <= tolerance:
            found.append(replace(element, observation=matrix, residual=residual))
    return found


def observed_matrix(before: FloatArray, after: FloatArray) -> tuple[FloatArray, float]:
    """The orthogonal M with after ≈ before Mᵀ, and its residual.

    A signed permutation where one does as well as any orthogonal matrix. Of coordinates that are always the same, the
    first goes to the first, so that what is chosen for two elements fits what is chosen for their product.

    Args:
        before: (samples, dim) observations at s.
        after: (samples, dim) observations at g·s.

    Returns:
        (dim, dim) matrix, and the largest mean error of a coordinate relative to its spread.
    """
    spread = np.maximum(np.concatenate([before, after]).std(axis=0), 1e-9)
    signed = _signed(before, after, spread)
    residual = _residual(before, after, signed, spread)
    if residual <= SINGLE:
        return signed, residual
    left, _, right = np.linalg.svd(after.T @ before + 1e-9 * np.eye(before.shape[1]))
    rotation = left @ right
    other = _residual(before, after, rotation, spread)
    return (rotation, other) if other < 0.5 * residual else (signed, residual)


def _residual(before: FloatArray, after: FloatArray, matrix: FloatArray, spread: FloatArray) -> float:
    unit = np.maximum(spread, np.abs(matrix) @ spread)
    return float((np.abs(after - before @ matrix.T) / unit).mean(axis=0).max())


def _signed(before: FloatArray, after: FloatArray, spread: FloatArray) -> FloatArray:
    """The signed permutation that leaves least."""
    dim = before.shape[1]
    cost, sign = np.empty((dim, dim)), np.empty((dim, dim))
    for i in range(dim):
        gap = np.abs(after[:, i, None, None] - before[:, :, None] * np.array([1.0, -1.0])).mean(axis=0)
        gap = gap / np.maximum(spread[i], spread)[:, None]
        sign[i] = np.where(gap[:, 0] <= gap[:, 1] + 1e-12, 1.0, -1.0)
        cost[i] = gap.min(axis=1)
    cost = np.where(cost <= SINGLE, 0.0, cost)
    index: IntArray = np.arange(dim)
    order = (index[:, None] - index[None, :]) ** 2 / dim**2  # convex: keeps the order of coordinates that are alike
    rows, source = linear_sum_assignment(cost + 1e-6 * order)
    signs: NDArray[np.float64] = sign[rows, source]
    return signed_matrix(source, signs)
