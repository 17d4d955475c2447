"""Running mean and variance of vectors, averaged over orbits, so that normalising by them commutes with the group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

from .orbits import invariant_orbits, mixed_coordinates
from .representation import FloatArray, Representation

LONGEST = 10.0
"""Standard deviations at which normalised vectors are cut off."""

EPSILON = 1e-8
"""Added to variances."""


class OrbitStatistics:
    """Mean and variance of what would have been seen had every vector been seen with its whole orbit.

    The mean is projected on the invariant vectors, P m = mean_g ρ(g) m. The variance about it is shared by all
    coordinates of a block that the group mixes (`mixed_coordinates`): v_B = mean_{i in B} E (x - P m)_i², which for one
    irreducible block is the variance of its orbits, and is isotropic for dense ones. Then

        n(x) = (x - P m) / sqrt(v + ε),   n(ρ(g) x) = ρ(g) n(x)

    A block of n(x) longer than 10 for each of its coordinates is shortened to that, which commutes too; a coordinate by
    itself is clipped to ±10.

    Args:
        rep: representation on the vectors.

    Attributes:
        count: vectors seen.
        mean: of them as they were, (dim,).
        variance: of each coordinate as it was, (dim,).
    """

    def __init__(self, rep: Representation) -> None:
        self._rep, self._block = rep, mixed_coordinates(rep)
        self._sizes = np.bincount(self._block)
        self.count, self.mean, self.variance = 0, np.zeros(rep.dim), np.ones(rep.dim)

    def update(self, vectors: NDArray[Any]) -> None:
        """Take (rows, dim) more vectors (Chan, Golub & LeVeque, "Updating formulae", 1979)."""
        rows = np.asarray(vectors, dtype=np.float64).reshape(-1, self._rep.dim)
        if not len(rows):
            return
        total = self.count + len(rows)
        gap = rows.mean(axis=0) - self.mean
        squares = self.variance * self.count + rows.var(axis=0) * len(rows) + gap**2 * (self.count * len(rows) / total)
        self.mean, self.variance = self.mean + gap * (len(rows) / total), squares / total
        self.count = total

    @property
    def invariant_mean(self) -> FloatArray:
        """(dim,) P m."""
        if self._rep.dense is not None:
            return self._rep.dense.mean(axis=0) @ self.mean
        orbits = invariant_orbits(self._rep)
        free = orbits.label >= 0
        label, sign = orbits.label[free], orbits.sign[free]
        shared = np.bincount(label, sign * self.mean[free]) / np.maximum(np.bincount(label), 1)
        projected = np.zeros_like(self.mean)
        projected[free] = sign * shared[label]
        return projected

    @property
    def shared_variance(self) -> FloatArray:
        """(dim,) v, the same for all coordinates of a block."""
        about = self.variance + (self.mean - self.invariant_mean) ** 2
        return (np.bincount(self._block, about) / self._sizes)[self._block]

    def normalise(self, vectors: NDArray[Any]) -> FloatArray:
        """n(x) of (..., dim) vectors."""
        scaled = (vectors - self.invariant_mean) / np.sqrt(self.shared_variance + EPSILON)
        member = np.eye(len(self._sizes))[self._block]
        length = np.sqrt(scaled**2 @ member / self._sizes)
        shortened: FloatArray = scaled * np.minimum(1, LONGEST / np.maximum(length, LONGEST))[..., self._block]
        return shortened

    def state(self) -> dict[str, Any]:
        """What `restore` needs, in JSON's types."""
        return {"count": self.count, "mean": self.mean.tolist(), "variance": self.variance.tolist()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave.

        Raises:
            InputError: it belongs to vectors of another length.
        """
        mean, variance = (np.array(state[name], dtype=np.float64) for name in ("mean", "variance"))
        if mean.shape != self.mean.shape or variance.shape != self.mean.shape:
            raise InputError(
                f"the statistics are of {mean.size} numbers, this environment observes {self._rep.dim}; give those "
                "that were saved in the same environment"
            )
        self.count, self.mean, self.variance = int(state["count"]), mean, variance
