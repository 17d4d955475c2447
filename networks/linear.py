"""Linear layers: one interface for plain, exactly equivariant, relaxed and residual-pathway weights."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, coordinate_orbits

from .relaxed_weights import RelaxedWeights
from .sharing import invariant_basis, weight_sharing


class Linear(nn.Module, ABC):
    """y = W x + b for `members` independent networks at once, with W and b expanded from parameters.

    Shapes: x is (batch, in_features), shared by all members, or (members, batch, in_features); y is
    (members, batch, out_features).
    """

    def __init__(self, in_features: int, out_features: int, members: int) -> None:
        super().__init__()
        self.in_features, self.out_features, self.members = in_features, out_features, members
        self._cache: tuple[list[Tensor], tuple[Tensor, Tensor]] | None = None

    @abstractmethod
    def expand(self) -> tuple[Tensor, Tensor]:
        """W of shape (members, out_features, in_features) and b of shape (members, out_features)."""

    def weight_and_bias(self) -> tuple[Tensor, Tensor]:
        """`expand`, remembered between calls that need no gradient for as long as the parameters stay the same.

        The parameters are compared by value: an in-place write through ``.data``, as in stable-baselines3's
        Polyak update, leaves ``Tensor._version`` untouched, so a cache keyed on versions would go stale and
        freeze the target network. The comparison costs a fraction of an expansion and cannot be fooled.
        """
        parameters = list(self.parameters())
        if torch.is_grad_enabled() and any(p.requires_grad for p in parameters):
            return self.expand()
        if self._cache is not None:
            seen, expanded = self._cache
            if all(_identical(a, b) for a, b in zip(seen, parameters, strict=True)):
                return expanded
        expanded = self.expand()
        self._cache = [p.detach().clone() for p in parameters], expanded
        return expanded

    def __getstate__(self) -> dict[str, object]:
        """The cache is neither copied nor saved."""
        return {**self.__dict__, "_cache": None}

    def forward(self, x: Tensor) -> Tensor:
        """(members, batch, out_features) from (batch, in_features) or (members, batch, in_features)."""
        weight, bias = self.weight_and_bias()
        if self.members == 1:
            return nn.functional.linear(x.reshape(-1, self.in_features), weight[0], bias[0]).unsqueeze(0)
        return torch.baddbmm(bias.unsqueeze(1), x.expand(self.members, -1, -1), weight.transpose(1, 2))

    def extra_repr(self) -> str:
        """Sizes, for ``print(module)``."""
        return f"{self.in_features} -> {self.out_features}, members={self.members}"


class PlainLinear(Linear):
    """The non-equivariant baseline: `members` copies of `torch.nn.Linear`, with its initialisation.

    Args:
        in_features: size of x.
        out_features: size of y.
        members: number of independent layers.
        gain: see `bounds`; 0 starts at W = 0, b = 0.
    """

    def __init__(self, in_features: int, out_features: int, members: int = 1, gain: float | None = None) -> None:
        super().__init__(in_features, out_features, members)
        bound, bias_bound = bounds(in_features, out_features, gain)
        self.weight = nn.Parameter(torch.empty(members, out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, out_features).uniform_(-bias_bound, bias_bound))

    def expand(self) -> tuple[Tensor, Tensor]:
        """The parameters themselves."""
        return self.weight, self.bias

    def weight_and_bias(self) -> tuple[Tensor, Tensor]:
        """No expansion, so nothing to remember."""
        return self.expand()


class RelaxedLinear(Linear):
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
    which needs generators only, in what of w is free, in the mean over banks, and in initialising filters so that
    outputs have the scale of `torch.nn.Linear` for every number of banks, also when the inputs that share a filter
    rise and fall together. (A filter counted like `torch.nn.Linear`'s weights would let the common part of n shared
    inputs grow by √n in every layer; ReLUs behind it have one sign for every input there is, and the network is
    constant.)

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
        self.positions = full.dim // self.in_rep.dim
        self.in_channels, self.out_channels, self.banks, self.relax = in_channels, out_channels, banks, relax
        self.sharing = weight_sharing(out_rep, full, stack=relax == "output")
        fan_in = self.sharing.fan_in
        bound, bias_bound = bounds(max(1.0, in_channels * fan_in.inputs), self.out_features, gain)
        # the mean of L banks has the variance of one. A filter that many inputs share is smaller, so that their sum,
        # when they move together, is one term like the others
        scale = torch.tensor(fan_in.reach * math.sqrt(fan_in.filters / max(1.0, fan_in.inputs) / banks))
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
        w = self.relaxed_weights() / self.banks
        factors = w.unsqueeze(3) if self.relax == "output" else w.repeat_interleave(self.positions, dim=2).unsqueeze(2)
        blocks = self.sharing(self.filters, factors)
        weight = blocks.permute(0, 3, 1, 4, 2).reshape(self.members, self.out_features, self.in_features)
        bias = (self.bias_filters @ self.bias_basis).reshape(self.members, self.out_features)
        return weight, bias if self.relaxed_bias is None else bias + self.relaxed_bias

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


class ResidualLinear(Linear):
    """Residual pathway prior: an exact layer plus a plain one, y = (W_exact + W_plain) x + b_exact + b_plain.

    Gaussian priors with separate variances on the two parts (`residual_prior`) make the exact one the easier
    way to explain the data. Finzi, Benton & Wilson, "Residual Pathway Priors for Soft Equivariance
    Constraints" (arXiv 2112.01388). We start the plain part at zero, so that the layer, like the relaxed
    one, starts exactly equivariant.
    """

    def __init__(self, exact: Linear) -> None:
        super().__init__(exact.in_features, exact.out_features, exact.members)
        self.exact = exact
        self.plain = PlainLinear(exact.in_features, exact.out_features, exact.members, gain=0)

    def expand(self) -> tuple[Tensor, Tensor]:
        """The sums of both parts."""
        (weight, bias), (plain_weight, plain_bias) = self.exact.expand(), self.plain.expand()
        return weight + plain_weight, bias + plain_bias


def bounds(fan_in: float, fan_out: float, gain: float | None) -> tuple[float, float]:
    """Bounds of the uniform distributions that weights and biases start from.

    None is `torch.nn.Linear`'s 1/√fan_in for both. A gain gives weights a standard deviation of
    gain/√max(fan_in, fan_out), which is that of an orthogonal matrix times the gain, and biases of 0.
    """
    if gain is None:
        return 1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in)
    return gain * math.sqrt(3 / max(fan_in, fan_out)), 0.0


def _identical(a: Tensor, b: Tensor) -> bool:
    return a.device == b.device and a.dtype == b.dtype and torch.equal(a, b)
