"""Relaxed weights: what of a layer is free to leave the symmetry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

EQUAL = 1e-6
"""Differences of weights that rounding may have made."""


def size_of(x: Tensor) -> Tensor:
    """|x|, and 0 without a gradient where |x| is below `EQUAL`.

    Weights that took the same steps differ by rounding, whose sign would pull them by the whole strength of a penalty:
    two ways to compute one update would part there, by a step of Adam.
    """
    size = x.abs()
    return size * (size > EQUAL)


class RelaxedWeights(nn.Module):
    """One factor for every coordinate, of which only what breaks the symmetry is free.

        w(i) = 1 + θ(i) - mean_h θ(h)        (h runs over the orbit of i)

    θ starts at 0, so all w are 1. A layer whose coordinates are multiplied by w keeps the symmetry exactly when w is
    constant on every orbit. A factor that an orbit has in common would break nothing; it is the filters' to learn and
    is taken out here, because weights that learn faster than filters would otherwise scale whole layers, up or down
    to nothing. Nothing is lost: filters take the factors that w leaves. Wang, Walters & Yu (arXiv 2201.11969) keep
    them in w.

    Example:
        Three coordinates, of which a mirror exchanges the first two:

        >>> import numpy as np
        >>> from nearsym.networks.relaxed_weights import RelaxedWeights
        >>> weights = RelaxedWeights([np.array([0, 1]), np.array([2])], (), learned=True)
        >>> weights.theta.data[0] = 0.5
        >>> weights().tolist(), weights.penalty().item()
        ([1.25, 0.75, 1.0], 1.0)

    Args:
        orbits: the coordinates of every orbit; together they are 0 to dim - 1.
        shape: of θ before the coordinates, such as (members, banks).
        learned: learn θ; otherwise w stays 1.

    Attributes:
        theta: θ, (*shape, dim): a parameter where it is learned, and a buffer of zeros otherwise.
    """

    orbit: Tensor
    size: Tensor
    theta: Tensor

    def __init__(self, orbits: Sequence[NDArray[np.intp]], shape: Sequence[int], learned: bool) -> None:
        super().__init__()
        orbit = np.empty(sum(map(len, orbits)), dtype=np.int64)
        for number, coordinates in enumerate(orbits):
            orbit[coordinates] = number
        self.learned, self.orbits = learned, len(orbits)
        self.register_buffer("orbit", torch.from_numpy(orbit), persistent=False)
        self.register_buffer("size", torch.tensor([len(each) for each in orbits]), persistent=False)
        self._sizes = sorted({len(each) for each in orbits} - {1})
        for size in self._sizes:
            same = np.stack([each for each in orbits if len(each) == size])
            self.register_buffer(f"orbits_of_{size}", torch.from_numpy(same), persistent=False)
        theta = torch.zeros(*shape, len(orbit))
        if learned:
            self.theta = nn.Parameter(theta)
        else:
            self.register_buffer("theta", theta)

    def forward(self) -> Tensor:
        """w, (*shape, dim)."""
        if not self.learned:
            return torch.ones_like(self.theta)
        if self.orbits == 1:
            return 1 + self.theta - self.theta.mean(dim=-1, keepdim=True)
        sums = self.theta.new_zeros(*self.theta.shape[:-1], self.orbits).index_add(-1, self.orbit, self.theta)
        return 1 + self.theta - (sums / self.size)[..., self.orbit]

    def penalty(self) -> Tensor:
        """Σ_g mean_h |w(g) - w(h)| over coordinates g and the others h of g's orbit, summed over `shape`; a scalar.

        A mean over h, so that a weight is held as strongly in a large group as in a small one.
        """
        total = self.theta.new_zeros(())
        for size in self._sizes:
            # a gather of all coordinates would cost more than the rest
            inside = self.theta if self.orbits == 1 else self.theta[..., self.get_buffer(f"orbits_of_{size}")]
            total = total + size_of(inside.unsqueeze(-1) - inside.unsqueeze(-2)).sum() / (size - 1)
        return total
