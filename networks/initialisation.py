"""Where weights start: at the scale of `torch.nn.Linear`, also when many inputs share a filter."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.symmetry import Orbits


@dataclass(frozen=True)
class FanIn:
    """What an initialisation has to know of the rows of a matrix W that is filled from filter values ψ.

    An output is a sum over filters, each times the inputs that share it, with signs:

        y = Σ_k ψ_k s_k,        s_k = Σ_j ± x_j        (the n_k inputs j at which ψ_k enters this row)

    `torch.nn.Linear` has one filter for each of its n inputs, of variance σ² = 1/(3n), so for x_j of size 1 its output
    has variance Σ_j σ² = nσ². The same is asked here. The x_j that share a filter are not independent: images of one
    feature under the group have one sign after a ReLU, and twenty assets rise and fall together. So |s_k| is taken at
    its largest, the `reach` r_k, which is n_k when signs are equal and √n_k when they cancel, and every filter is to
    give as much of the variance as the others:

        var ψ_k · r_k² = nσ² / m        (m filters in a row, n = Σ_k n_k)
        ψ_k = (a uniform number of variance σ²) / scale_k,        scale_k = r_k √(m/n)

    With one filter for each input, m = n and r_k = 1, and this is `torch.nn.Linear`. Had each filter torch's own
    size, what the inputs have in common would grow by √n_k in every layer. A mean over L banks has 1/L of one bank's
    variance, so scale_k is smaller by √L.

    Attributes:
        inputs: n, the largest number of inputs that reach one output.
        filters: m, the largest number of filter values in one row.
        reach: (count,) r_k, the largest over rows.
    """

    inputs: float
    filters: float
    reach: NDArray[np.float64]

    @classmethod
    def of(cls, orbits: Orbits, dim_out: int) -> FanIn:
        """Of a matrix with `dim_out` rows whose entries share a filter value where they lie in one orbit."""
        reached = orbits.label >= 0
        row = np.repeat(np.arange(dim_out), len(orbits.label) // dim_out)
        cell = (orbits.label * dim_out + row)[reached]
        size = orbits.count * dim_out
        inputs = np.bincount(cell, minlength=size).reshape(orbits.count, dim_out)
        together = np.bincount(cell, orbits.sign[reached], minlength=size).reshape(orbits.count, dim_out)
        return cls(
            inputs.sum(axis=0).max(initial=0),
            (inputs > 0).sum(axis=0).max(initial=0),
            np.maximum(np.sqrt(inputs), np.abs(together)).max(axis=1, initial=0),
        )

    def scale(self, banks: int) -> NDArray[np.float64]:
        """(count,) what every filter value is divided by, for a mean over `banks` banks."""
        return self.reach * math.sqrt(self.filters / max(1.0, self.inputs) / banks)


def bounds(fan_in: float, fan_out: float, gain: float | None) -> tuple[float, float]:
    """Bounds of the uniform distributions that weights and biases start from.

    None is `torch.nn.Linear`'s 1/√fan_in for both: a uniform number up to b has variance b²/3, hence its σ² = 1/(3n).
    A gain gives weights a standard deviation of gain/√max(fan_in, fan_out), which is that of an orthogonal matrix times
    the gain (its longer side has rows or columns of length 1), and biases of 0.
    """
    if gain is None:
        return 1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in)
    return gain * math.sqrt(3 / max(fan_in, fan_out)), 0.0
