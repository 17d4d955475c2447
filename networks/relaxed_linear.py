"""A linear layer between representations with filters that the group shares, and relaxed weights on them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, coordinate_orbits

from .initialisation import bounds
from .irreducible import IrreducibleProduct
from .linear import ExpandedLinear
from .orbit_sums import OrbitSums
from .relaxed_weights import RelaxedWeights
from .sharing import BasisSharing, invariant_basis, weight_sharing
from .small_product import is_written_out, small_product

Product = IrreducibleProduct | OrbitSums

WORTHWHILE = 0.75
"""Share of the expanded matrix's products above which transforming to and fro does not pay."""

LEAST_BATCH = 64
"""Inputs from which layers are applied; for fewer, remembered expansions are faster unless all is compiled."""

EXPANDING = 50
"""Products that take as long as writing out one entry of a matrix and its gradient, see docs/speed.md."""


class RelaxedLinear(ExpandedLinear):
    """Approximately equivariant linear layer: shared filters times relaxed weights.

        W[(c', i), (c, j)] = 1/L Σ_l w_l(·) (E ψ_l)[i, j, c', c]

    E expands filters ψ to the equivariant matrices between `in_rep` and `out_rep`: one value for each orbit of
    index pairs when both are signed permutations (of the regular representation this is lifting, group
    convolution and projection; of asset permutations it is the DeepSets layer), and the closed forms
    ψ·ρ_in(g⁻¹) and ρ_out(g)·A when one is regular and the other dense. The relaxed weight w_l(·) belongs to
    the coordinate of the hidden side: the output's for a lift, the input's elsewhere (`RelaxedWeights`). All w_l are 1
    at the start, so the layer starts exactly equivariant; it is exact whenever w_l is constant on each orbit of
    coordinates. A mean over the L banks, whose gradients start out equal: in a sum every optimizer's step would be L
    times as long. The bias lies in the invariant subspace of `out_rep`, unless it is relaxed too: then a free bias
    that starts at 0 is added to it.

    Relaxed group convolution: Wang, Walters & Yu, "Approximately Equivariant Networks for Imperfectly Symmetric
    Dynamics" (arXiv 2201.11969), as used by Park et al. (arXiv 2411.04225). We differ in sharing by orbits,
    which needs generators only, in what of w is free, in the mean over banks, and in where filters start (`FanIn`).

    Example:
        A mirror swaps two features; the exact layer has two weights for each pair of channels, and no more are used
        until relaxed weights leave 1:

        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks import RelaxedLinear
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> layer = RelaxedLinear(swap, swap, 1, 3)
        >>> layer.filters.numel(), layer(torch.zeros(5, 2)).shape
        (6, torch.Size([1, 5, 6]))
        >>> x = torch.tensor([[1.0, 2.0]])
        >>> bool(torch.allclose(layer(x.flip(1)).view(3, 2), layer(x).view(3, 2).flip(1)))
        True

    Args:
        in_rep: representation on one input channel.
        out_rep: representation on one output channel.
        in_channels: number of input channels; coordinate ``c·in_rep.dim + j`` is coordinate j of channel c.
        out_channels: number of output channels, laid out likewise.
        banks: number of filter banks L.
        relaxed: learn w; otherwise it stays 1 and the layer is exact.
        relax: the side w belongs to, ``"input"`` or ``"output"``.
        grid: how positions of each channel move, where a channel is a function on a grid (the taps of a convolution's
            kernel, the pixels of a feature map): coordinate ``j`` above is then ``j·grid.dim + position``.
        relax_positions: give every position of the grid relaxed weights of its own; otherwise they share one.
        relax_biases: let biases leave the invariant subspace.
        members: number of independent layers, as in `Linear`.
        gain: see `bounds`.

    Attributes:
        product: applies the layer without expanding it; None where expanding is cheaper.

    Raises:
        SymmetryError: the representations belong to different groups, or both are dense.
    """

    bias_basis: Tensor

    def __init__(
        self,
        in_rep: Representation,
        out_rep: Representation,
        in_channels: int = 1,
        out_channels: int = 1,
        *,
        banks: int = 1,
        relaxed: bool = True,
        relax: str = "input",
        grid: Representation | None = None,
        relax_positions: bool = False,
        relax_biases: bool = False,
        members: int = 1,
        gain: float | None = None,
    ) -> None:
        full = in_rep if grid is None else in_rep.tensor_product(grid)
        super().__init__(in_channels * full.dim, out_channels * out_rep.dim, members)
        self.in_rep, self.out_rep = full if relax_positions else in_rep, out_rep
        self.reps = full, out_rep
        self.positions, self._out_dim = full.dim // self.in_rep.dim, out_rep.dim
        self.in_channels, self.out_channels, self.banks, self.relax = in_channels, out_channels, banks, relax
        self.sharing = weight_sharing(out_rep, full, stack=relax == "output")
        self._grid = 1 if grid is None else grid.dim
        self.product = self._cheapest_product(in_rep, grid)
        fan_in = self.sharing.fan_in
        bound, bias_bound = bounds(max(1.0, in_channels * fan_in.inputs), self.out_features, gain)
        scale = torch.tensor(fan_in.scale(banks))
        filters = torch.empty(members, banks, self.sharing.count, out_channels, in_channels).uniform_(-bound, bound)
        self.filters = nn.Parameter(filters / scale.to(filters)[:, None, None])
        hidden = self.hidden_rep
        orbits = coordinate_orbits(hidden) if hidden.is_signed_permutation else [np.arange(hidden.dim)]
        self.relaxed_weights = RelaxedWeights(orbits, (members, banks), relaxed)
        basis = torch.tensor(invariant_basis(out_rep), dtype=torch.get_default_dtype())
        self.register_buffer("bias_basis", basis.T.contiguous(), persistent=False)
        self.bias_filters = nn.Parameter(
            torch.empty(members, out_channels, basis.shape[1]).uniform_(-bias_bound, bias_bound)
        )
        free = relaxed and relax_biases
        self.relaxed_bias = nn.Parameter(torch.zeros(members, self.out_features)) if free else None

    def expand(self) -> tuple[Tensor, Tensor]:
        """W (members, out_features, in_features) and b (members, out_features)."""
        weight = self._blocks().permute(0, 3, 1, 4, 2).reshape(self.members, self.out_features, self.in_features)
        return weight, self._bias().reshape(self.members, self.out_features)

    def columns(self, x: Tensor) -> Tensor:
        """The same of columns: coordinates before channels and the batch last, the order in which products are fastest.

        Nothing is expanded where `product` is cheaper. Inputs on a grid are taken position by position: coordinate
        ``position·in_rep.dim + j`` is coordinate j there.

        Shapes: (members or 1, in_rep.dim, in_channels, batch) to (members, out_rep.dim, out_channels, batch).
        """
        bias = self._bias().transpose(1, 2)
        if self.product is not None:
            return self.product(x, self.filters, self._factors()) + bias.unsqueeze(3)
        weight = self._by_position(self._blocks(), 2)
        weight = weight.transpose(2, 3).reshape(self.members, self.out_features, self.in_features)
        x, batch = x.reshape(len(x), self.in_features, -1).expand(self.members, -1, -1), x.shape[3]
        y = torch.baddbmm(bias.reshape(self.members, self.out_features, 1), weight, x)
        return y.view(self.members, self._out_dim, self.out_channels, batch)

    def _cheapest_product(self, in_rep: Representation, grid: Representation | None) -> Product | None:
        """The cheapest way not to expand, if it is cheaper than expanding."""
        found: list[Product] = []
        sharing, out_rep = self.sharing, self.out_rep
        if in_rep == out_rep and grid is None and self.relax == "input" and isinstance(sharing, BasisSharing):
            found.append(IrreducibleProduct(sharing.basis.double().numpy()))
        if not in_rep.group.listed and in_rep.is_signed_permutation and out_rep.is_signed_permutation:
            numbers = torch.arange(1, sharing.count + 1, dtype=torch.get_default_dtype())
            labels = self._by_position(sharing(numbers.view(1, 1, -1, 1, 1)), 2)[0, :, :, 0, 0]
            by_position = in_rep if grid is None else grid.tensor_product(in_rep)
            found.append(OrbitSums(labels.long().numpy(), out_rep, by_position, self.relax))
        sizes = self.in_channels, self.out_channels, self.banks
        limit = WORTHWHILE * self.in_features * self.out_features
        affordable = [product for product in found if product.cost(*sizes) < limit]
        return min(affordable, key=lambda product: product.cost(*sizes), default=None)

    def _by_position(self, values: Tensor, dim: int) -> Tensor:
        """Coordinates of the input, along `dim`, in the order in which `columns` takes them."""
        if self._grid == 1:
            return values
        before, after = values.shape[:dim], values.shape[dim + 1 :]
        by_coordinate = values.reshape(*before, values.shape[dim] // self._grid, self._grid, *after)
        return by_coordinate.transpose(dim, dim + 1).flatten(dim, dim + 1)

    def _factors(self) -> Tensor | None:
        """`_weights` of the coordinates that `columns` takes or gives."""
        w = self._weights()
        if w is None or self.relax == "output" or self._grid == 1:
            return w
        return self._by_position(w, 2) if self.positions == 1 else w.repeat(1, 1, self.positions)

    def _weights(self) -> Tensor | None:
        """W / L, (members, banks, hidden_rep.dim), or None for ones."""
        if self.banks == 1:
            return self.relaxed_weights() if self.relaxed_weights.learned else None
        return self.relaxed_weights() / self.banks

    def _blocks(self) -> Tensor:
        """(members, out_rep.dim, in_rep.dim, out_channels, in_channels) the matrix between every two channels."""
        w = self._weights()
        if w is None:
            return self.sharing(self.filters)
        return self.sharing(self.filters, self._placed(w))

    def _placed(self, w: Tensor) -> Tensor:
        """Factors of `Sharing` from (members, banks, hidden_rep.dim)."""
        return w.unsqueeze(3) if self.relax == "output" else w.repeat_interleave(self.positions, dim=2).unsqueeze(2)

    def _bias(self) -> Tensor:
        """(members, out_channels, out_rep.dim)."""
        bias = small_product(self.bias_filters, self.bias_basis)
        return bias if self.relaxed_bias is None else bias + self.relaxed_bias.view_as(bias)

    @property
    def hidden_rep(self) -> Representation:
        """The representation whose coordinates the relaxed weights belong to."""
        return self.out_rep if self.relax == "output" else self.in_rep

    def extra_repr(self) -> str:
        """Representations and sizes, for ``print(module)``."""
        kind = "relaxed" if self.relaxed_weights.learned else "exact"
        return (
            f"{self.in_channels}x{self.in_rep!r} -> {self.out_channels}x{self.out_rep!r}, {kind}, "
            f"banks={self.banks}, members={self.members}"
        )


def least_batch(layers: Sequence[RelaxedLinear]) -> int:
    """Inputs from which layers together are applied faster than expanded, where nothing is compiled.

    Applying saves products for each input, and the expansion, and costs the calls of its transforms.
    """
    saved = spared = calls = 0.0
    for layer in layers:
        if layer.product is not None:
            entries = layer.in_features * layer.out_features
            cost = layer.product.cost(layer.in_channels, layer.out_channels, layer.banks)
            saved += layer.members * (entries - cost)
            spared += layer.members * EXPANDING * entries
            calls += layer.product.calls
    return max(LEAST_BATCH, math.ceil((calls - spared) / saved)) if saved else LEAST_BATCH


def pays(batch: int, least: int = LEAST_BATCH) -> bool:
    """Whether `RelaxedLinear.columns` is faster than `RelaxedLinear.forward` for so many inputs."""
    return batch >= least or is_written_out()
