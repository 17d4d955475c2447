"""How few filter values fill an equivariant matrix: sharing over orbits, or closed forms for dense actions."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Orbits, Representation, coordinate_orbits, equivariant_orbits, invariant_orbits

from .initialisation import FanIn
from .small_product import small_product

MAX_BASIS = 1 << 16
"""Largest basis (entries) expanded by a matrix product; larger ones, such as flattened images, are gathered."""


class BasisSharing(nn.Module):
    """W = Σ_l w_l ⊙ (B ψ_l) by one batched matrix product, for a basis B of shape (dim_out, dim_in, count).

    Example:
        What commutes with the exchange of two coordinates has two values:

        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks.sharing import weight_sharing
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> weight_sharing(swap, swap)(torch.tensor([3.0, 5.0]).view(1, 1, 2, 1, 1))[0, :, :, 0, 0]
        tensor([[3., 5.],
                [5., 3.]])

    Attributes:
        count: number of filter values.
        fan_in: see `FanIn`.
    """

    basis: Tensor

    def __init__(self, basis: NDArray[np.float64], fan_in: FanIn) -> None:
        super().__init__()
        self.count, self.fan_in = basis.shape[2], fan_in
        self.register_buffer("basis", torch.tensor(basis, dtype=torch.get_default_dtype()), persistent=False)

    def forward(self, filters: Tensor, factors: Tensor | None = None) -> Tensor:
        """Expand filters ψ and relaxed weights w.

        Args:
            filters: (members, banks, count, c_out, c_in).
            factors: (members, banks, dim_out or 1, dim_in or 1), or None for one bank of ones.

        Returns:
            (members, dim_out, dim_in, c_out, c_in).
        """
        members, banks, count, c_out, c_in = filters.shape
        dim_out, dim_in, _ = self.basis.shape
        coefficients = self.basis.reshape(1, dim_out * dim_in, count)
        if factors is not None:
            scaled = self.basis.unsqueeze(2) * factors.permute(0, 2, 3, 1).unsqueeze(-1)
            coefficients = scaled.reshape(members, dim_out * dim_in, banks * count)
        blocks = small_product(coefficients, filters.reshape(members, banks * count, c_out * c_in))
        return blocks.view(members, dim_out, dim_in, c_out, c_in)


class GatherSharing(nn.Module):
    """The same as `BasisSharing` for orbits too many to write their basis down: (B ψ)[p] = sign[p] · ψ[label[p]].

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation, equivariant_orbits
        >>> from nearsym.networks.initialisation import FanIn
        >>> from nearsym.networks.sharing import GatherSharing
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> orbits = equivariant_orbits(swap, swap)
        >>> GatherSharing(orbits, 2, 2, FanIn.of(orbits, 2))(torch.tensor([3.0, 5.0]).view(1, 1, 2, 1, 1)).flatten()
        tensor([3., 5., 5., 3.])
    """

    label: Tensor
    sign: Tensor

    def __init__(self, orbits: Orbits, dim_out: int, dim_in: int, fan_in: FanIn) -> None:
        super().__init__()
        self.shape, self.count, self.fan_in = (dim_out, dim_in), orbits.count, fan_in
        self.register_buffer("label", torch.tensor(np.maximum(orbits.label, 0)), persistent=False)
        sign = torch.tensor(orbits.sign, dtype=torch.get_default_dtype())
        self.register_buffer("sign", sign.view(self.shape), persistent=False)

    def forward(self, filters: Tensor, factors: Tensor | None = None) -> Tensor:
        """As `BasisSharing.forward`."""
        shared = filters.index_select(2, self.label)
        shared = shared.view(*filters.shape[:2], *self.shape, *filters.shape[3:])
        sign = self.sign if factors is None else self.sign * factors
        return (sign[..., None, None] * shared).sum(dim=1)


class StackedSharing(nn.Module):
    """Sharing for an input of many blocks that the group moves alike, such as a hundred features of each asset.

    Every run of equal blocks is shared like channels of one block, which keeps the basis small.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks.sharing import StackedSharing, weight_sharing
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> twice = StackedSharing([(weight_sharing(swap, swap), 2)])
        >>> twice(torch.arange(4.0).view(1, 1, 4, 1, 1))[0, :, :, 0, 0]
        tensor([[0., 1., 2., 3.],
                [1., 0., 3., 2.]])

    Args:
        runs: for each run the sharing of one block, and the number of blocks.
    """

    def __init__(self, runs: list[tuple[BasisSharing | GatherSharing, int]]) -> None:
        super().__init__()
        self.sharings = nn.ModuleList(sharing for sharing, _ in runs)
        self.blocks = [blocks for _, blocks in runs]
        self.sizes = [sharing.count * blocks for sharing, blocks in runs]
        self.count = sum(self.sizes)
        self.fan_in = FanIn(
            sum(sharing.fan_in.inputs * blocks for sharing, blocks in runs),
            sum(sharing.fan_in.filters * blocks for sharing, blocks in runs),
            np.concatenate([np.tile(sharing.fan_in.reach, blocks) for sharing, blocks in runs]),
        )

    def forward(self, filters: Tensor, factors: Tensor | None = None) -> Tensor:
        """As `BasisSharing.forward`, with factors of shape (members, banks, dim_out, 1)."""
        members, banks, _, c_out, c_in = filters.shape
        expanded = []
        parts: tuple[Tensor, ...] = torch.split(filters, self.sizes, dim=2)
        for sharing, blocks, part in zip(self.sharings, self.blocks, parts, strict=True):
            own = part.reshape(members, banks, blocks, -1, c_out, c_in)
            own = own.permute(0, 1, 3, 4, 2, 5).reshape(members, banks, -1, c_out, blocks * c_in)
            values = sharing(own, factors)
            values = values.view(*values.shape[:4], blocks, c_in).permute(0, 1, 4, 2, 3, 5)
            expanded.append(values.reshape(members, values.shape[1], -1, c_out, c_in))
        return torch.cat(expanded, dim=2)


Sharing = BasisSharing | GatherSharing | StackedSharing


def weight_sharing(out_rep: Representation, in_rep: Representation, *, stack: bool = False) -> Sharing:
    """How an equivariant matrix from `in_rep` to `out_rep` is filled from filters.

    Between signed permutations, one value for each orbit of (output index, input index) pairs. Between the
    regular representation and a dense one, the closed forms:

        lift     W[g, j] = Σ_k ψ[k] ρ_in(g⁻¹)[k, j]
        project  W[i, g] = Σ_k ρ_out(g)[i, k] A[k]

    Args:
        out_rep: representation on the output.
        in_rep: representation on the input.
        stack: use `StackedSharing` where that is smaller; it takes no factors on the input's side.

    Raises:
        SymmetryError: the groups differ, or a dense representation faces one that is not regular.
    """
    if in_rep.group != out_rep.group:
        raise SymmetryError(f"input and output represent different groups, {in_rep!r} and {out_rep!r}")
    if not (in_rep.is_signed_permutation and out_rep.is_signed_permutation):
        basis = _dense_basis(out_rep, in_rep)
        return BasisSharing(basis, FanIn(in_rep.dim, in_rep.dim, np.ones(basis.shape[2])))
    if stack and out_rep.dim * in_rep.dim**2 > MAX_BASIS:
        runs = _runs(in_rep)
        if any(blocks > 1 for _, blocks in runs):
            return StackedSharing([(_one_sharing(out_rep, block), blocks) for block, blocks in runs])
    return _one_sharing(out_rep, in_rep)


def _one_sharing(out_rep: Representation, in_rep: Representation) -> BasisSharing | GatherSharing:
    orbits = equivariant_orbits(out_rep, in_rep)
    fan_in = FanIn.of(orbits, out_rep.dim)
    if out_rep.dim * in_rep.dim * orbits.count > MAX_BASIS:
        return GatherSharing(orbits, out_rep.dim, in_rep.dim, fan_in)
    basis = _orbit_basis(orbits)
    return BasisSharing(basis.reshape(out_rep.dim, in_rep.dim, orbits.count), fan_in)


def _runs(rep: Representation) -> list[tuple[Representation, int]]:
    """`rep` as a direct sum of runs of equal blocks: (block, number of blocks); [(rep, 1)] where it is none."""
    orbits = coordinate_orbits(rep)
    if any(orbit[-1] - orbit[0] >= len(orbit) for orbit in orbits):  # interlaced
        return [(rep, 1)]
    runs: list[tuple[Representation, int]] = []
    for orbit in orbits:
        block = rep.restricted(int(orbit[0]), int(orbit[-1]) + 1)
        if runs and runs[-1][0] == block:
            runs[-1] = block, runs[-1][1] + 1
        else:
            runs.append((block, 1))
    return runs


def invariant_basis(rep: Representation) -> NDArray[np.float64]:
    """(dim, count) basis of the invariant vectors v = ρ(g) v, where biases lie.

    Entries are 0, 1 or -1 for a signed permutation; the columns are orthonormal for a dense representation.
    """
    if rep.is_signed_permutation:
        return _orbit_basis(invariant_orbits(rep))
    # the group average projects onto the invariant vectors: eigenvalues are 0 and 1
    values, vectors = np.linalg.eigh(rep.matrix.mean(axis=0))
    return vectors[:, values > 0.5]


def _orbit_basis(orbits: Orbits) -> NDArray[np.float64]:
    """(dim, count): sign[i] at label[i]; the row of a label of -1 is zeroed by its sign."""
    return np.eye(orbits.count + 1)[orbits.label, : orbits.count] * orbits.sign[:, None]


def _dense_basis(out_rep: Representation, in_rep: Representation) -> NDArray[np.float64]:
    """(dim_out, dim_in, count) how filter k enters entry (i, j)."""
    group = out_rep.group
    if group.listed:
        regular = Representation.regular(group)
        if out_rep == regular:
            return in_rep.matrix  # ρ(g⁻¹)[k, j] = ρ(g)[j, k]
        if in_rep == regular:
            return out_rep.matrix.transpose(1, 0, 2)
    raise SymmetryError(
        f"no linear layer from {in_rep!r} to {out_rep!r}: with a dense representation on one side the other "
        "must be the regular representation; put a regular hidden layer between them"
    )
