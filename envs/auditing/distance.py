"""Distances between two distributions of which draws are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

FloatArray = NDArray[np.float64]


def wasserstein(one: FloatArray, two: FloatArray, metric: str) -> float:
    """The 1-Wasserstein distance between the empirical distributions of (draws, dim) points each.

    With equal weights the cheapest transport is an assignment; of one draw each it is their distance. In the mean over
    drawn sets it is at least the distance of the distributions they are drawn from.
    """
    cost = cdist(one, two, metric)
    rows, columns = linear_sum_assignment(cost)
    return float(cost[rows, columns].mean())


def held_out(one: FloatArray, two: FloatArray, metric: str) -> FloatArray:
    """(2,) the distance that two witnesses found in one half of the draws show in the other half.

        W₁(P, Q) = sup over 1-Lipschitz f of E_P f - E_Q f

    The first witness is a best one for its half, the second is linear, along the difference of the means. Neither has a
    say in how the other half fell: in the mean over draws both results are at most W₁, and 0 where P = Q. A best
    witness misses no kind of difference; in many dimensions it fits chance, and a linear one sees a shift sooner.

    Args:
        one: (draws, dim) points, an even number of them.
        two: the same.
        metric: ``euclidean``, ``chebyshev`` or ``cityblock``.
    """
    halves = [(one[::2], two[::2]), (one[1::2], two[1::2])]
    found = np.zeros(2)
    for (first, second), (other_first, other_second) in (halves, halves[::-1]):
        gap = other_first.mean(axis=0) - other_second.mean(axis=0)
        found[0] += _shown(first, second, other_first, other_second, metric) / 2
        found[1] += _along(first.mean(axis=0) - second.mean(axis=0), metric) @ gap / 2
    return found


def _along(difference: FloatArray, metric: str) -> FloatArray:
    """The u for which y -> u·y is 1-Lipschitz and u·difference largest."""
    if metric == "cityblock":
        return np.sign(difference)
    if metric == "chebyshev":
        largest = np.abs(difference).argmax()
        return np.sign(difference) * (np.arange(len(difference)) == largest)
    norm = float(np.linalg.norm(difference))
    return difference / norm if norm > 0 else difference


def _shown(one: FloatArray, two: FloatArray, other_one: FloatArray, other_two: FloatArray, metric: str) -> float:
    """E f over `other_one` minus E f over `other_two`, for the witness f of `one` and `two`."""
    cost = cdist(one, two, metric)
    rows, columns = linear_sum_assignment(cost)
    # potentials u of `two`: u_j >= u_σ(i) + c_iσ(i) - c_ij, the longest ways in a graph without positive cycles
    steps = np.empty_like(cost)
    steps[columns] = cost[rows, columns][:, None] - cost[rows]
    lower = np.zeros(len(two))
    for _ in range(len(two)):
        longer = (lower[:, None] + steps).max(axis=0)
        if np.array_equal(longer, lower):
            break
        lower = longer
    upper = np.empty(len(one))
    upper[rows] = lower[columns] + cost[rows, columns]

    def witness(points: FloatArray) -> FloatArray:
        """The mean of the largest and the smallest 1-Lipschitz function with these values."""
        largest = (lower + cdist(points, two, metric)).min(axis=1)
        smallest = (upper - cdist(points, one, metric)).max(axis=1)
        mean: FloatArray = (largest + smallest) / 2
        return mean

    return float(witness(other_one).mean() - witness(other_two).mean())
