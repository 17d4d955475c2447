"""A linear layer of an equivariant matrix and one from the orthogonal complement of the equivariant matrices."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.linalg import null_space
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, coordinate_orbits

from .relaxed_linear import RelaxedLinear
from .sharing import invariant_basis
from .small_product import small_product


class ComplementLinear(RelaxedLinear):
    """Approximately equivariant linear layer: shared filters, and others times functions of mean 0 on the group.

        W[(c', i), (c, j)] = (E ψ_0)[i, j, c', c] + Σ_l f_l(·) (E ψ_l)[i, j, c', c]

    E and the coordinate of the hidden side that f_l(·) belongs to are `RelaxedLinear`'s; the f_l are fixed: an
    orthogonal basis of the functions whose mean over every orbit of coordinates is 0, which for a mirror is the
    non-trivial character (1, -1) (`mean_zero_functions`). The first term is equivariant, and the second orthogonal to
    everything equivariant: Σ_ij (E ψ)_ij f_l (E ψ_l)_ij is a mean of f_l over orbits. Filters ψ_l start at 0, so the
    layer starts exactly equivariant, and it is equivariant only while they are 0. Where the hidden side is the regular
    representation the two terms are all matrices, so the layer can learn whatever a plain one can.

    A relaxed layer of one bank has w(·) ψ instead, one factor for all filters: the same directions to leave the
    symmetry in, but tied to the filters that keep it. The bias has a complement of its own.

    Wang, Walters & Yu (arXiv 2201.11969) learn the functions too, and start them at 1; the orthogonal decomposition is
    Berndt & Stühmer's (arXiv 2601.05028), who penalise the second term of a plain matrix.

    Example:
        A mirror swaps two features:

        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks.complement_linear import ComplementLinear
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> layer = ComplementLinear(swap, swap)
        >>> layer.functions.tolist(), layer.complement.shape
        ([[1.0, 1.0], [1.0, -1.0]], torch.Size([1, 1, 2, 1, 1]))

    Args:
        in_rep: representation on one input channel.
        out_rep: representation on one output channel.
        in_channels: number of input channels, as in `RelaxedLinear`.
        out_channels: number of output channels.
        relax: the side f belongs to, ``"input"`` or ``"output"``.
        grid: how positions of each channel move, as in `RelaxedLinear`; they share f.
        members: number of independent layers.
        gain: see `bounds`.

    Attributes:
        functions: 1 and the f_l, (1 + functions, hidden dim).
        complement: ψ_l, (members, functions, count, out_channels, in_channels).
        complement_bias: coordinates of the bias's complement, (members, out_channels, ·).

    Raises:
        SymmetryError: the representations belong to different groups, or both are dense.
    """

    functions: Tensor
    bias_complement: Tensor
    sizes: Tensor

    def __init__(
        self,
        in_rep: Representation,
        out_rep: Representation,
        in_channels: int = 1,
        out_channels: int = 1,
        *,
        relax: str = "input",
        grid: Representation | None = None,
        members: int = 1,
        gain: float | None = None,
    ) -> None:
        super().__init__(
            in_rep,
            out_rep,
            in_channels,
            out_channels,
            relaxed=False,
            relax=relax,
            grid=grid,
            members=members,
            gain=gain,
        )
        self.product = None  # with a filter for every function expanding is cheaper
        functions = mean_zero_functions(self.hidden_rep)
        self.register_buffer("functions", _tensor(np.concatenate([np.ones((1, functions.shape[1])), functions])), False)
        count = self.sharing.count
        self.complement = nn.Parameter(torch.zeros(members, len(functions), count, out_channels, in_channels))
        invariant = invariant_basis(out_rep)
        bias_complement = null_space(invariant.T) if invariant.shape[1] else np.eye(out_rep.dim)
        self.register_buffer("bias_complement", _tensor(bias_complement.T), False)
        self.complement_bias = nn.Parameter(torch.zeros(members, out_channels, bias_complement.shape[1]))
        self.register_buffer("sizes", self._sizes(), False)

    def departed(self) -> Tensor:
        """‖W - P(W)‖² + ‖b - P(b)‖², P the mean over the group; summed over members, a scalar."""
        return (self.sizes * self.complement.square()).sum() + self.complement_bias.square().sum()

    @torch.enable_grad()
    def _sizes(self) -> Tensor:
        """‖f_l E_k‖² of every filter, (functions, count, 1, 1), which add up, because the terms are orthogonal."""
        ones = torch.ones(1, len(self.functions) - 1, self.sharing.count, 1, 1, requires_grad=True)
        (gradient,) = torch.autograd.grad(self._expanded(ones, self.functions[1:]).square().sum(), ones)
        return gradient[0] / 2

    def _blocks(self) -> Tensor:
        return self._expanded(torch.cat([self.filters, self.complement], dim=1), self.functions)

    def _expanded(self, filters: Tensor, functions: Tensor) -> Tensor:
        """Σ_l f_l (E ψ_l), as `RelaxedLinear._blocks`."""
        f = functions.unsqueeze(0).expand(len(filters), -1, -1)
        return self.sharing(filters, self._placed(f))

    def _bias(self) -> Tensor:
        return super()._bias() + small_product(self.complement_bias, self.bias_complement)

    def extra_repr(self) -> str:
        """Representations and sizes, for ``print(module)``."""
        return f"{super().extra_repr()}, functions={len(self.functions)}"


def mean_zero_functions(rep: Representation) -> NDArray[np.float64]:
    """(functions, rep.dim) orthogonal functions of the coordinates whose mean over every orbit is 0, of mean square 1.

    Cosines of the discrete cosine transform along each orbit, all but the constant; functions of orbits that differ in
    size share a row, for no filter belongs to two orbits of the hidden side.
    """
    orbits = coordinate_orbits(rep) if rep.is_signed_permutation else [np.arange(rep.dim)]
    functions = np.zeros((max(len(orbit) for orbit in orbits) - 1, rep.dim))
    for orbit in orbits:
        size = len(orbit)
        functions[: size - 1, orbit] = dct(np.eye(size), norm="ortho", axis=0)[1:] * math.sqrt(size)
    return functions


def _tensor(array: NDArray[np.float64]) -> Tensor:
    return torch.tensor(array, dtype=torch.get_default_dtype()).contiguous()
