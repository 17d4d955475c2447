"""A plain linear layer held to those elements of a group that are kept, which may become fewer."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from .group_mean import GroupMean
from .linear import ExpandedLinear


class KeptMean(nn.Module):
    """P_H(W) = mean_{h ∈ H} ρ_out(h) W ρ_in(h)⁻¹ over a subgroup H, which is an argument.

    The nearest matrix that commutes with H. Of a group known by its generators alone H is all of it, or trivial.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks.kept_linear import KeptMean
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> mean, matrix = KeptMean(swap, swap), torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
        >>> mean(matrix, torch.ones(2)).tolist(), mean(matrix, torch.tensor([1.0, 0.0])).tolist()
        ([[[2.5, 2.5], [2.5, 2.5]]], [[[1.0, 2.0], [3.0, 4.0]]])

    Args:
        out_rep: representation on one output channel.
        in_rep: representation on one input channel, positions included.
    """

    index: Tensor
    sign: Tensor
    out_moves: Tensor
    in_moves: Tensor

    def __init__(self, out_rep: Representation, in_rep: Representation) -> None:
        super().__init__()
        self.shape, self.listed = (out_rep.dim, in_rep.dim), out_rep.group.listed
        self.whole = None if self.listed else GroupMean(out_rep, in_rep)
        self.signed = out_rep.is_signed_permutation and in_rep.is_signed_permutation
        if self.listed and self.signed:
            index, sign = out_rep.tensor_product(in_rep).arrays
            self.register_buffer("index", torch.tensor(index).flatten(), False)
            self.register_buffer("sign", _tensor(sign), False)
        elif self.listed:
            self.register_buffer("out_moves", _tensor(out_rep.matrix), False)
            self.register_buffer("in_moves", _tensor(in_rep.matrix), False)

    def forward(self, matrix: Tensor, kept: Tensor) -> Tensor:
        """P_H(W).

        Args:
            matrix: W, (members, out_channels·out_rep.dim, in_channels·in_rep.dim).
            kept: (rows,) 1 for the elements of H, or for all generators; otherwise 0.
        """
        if self.whole is not None:
            all_kept = kept.prod()
            return all_kept * self.whole(matrix) + (1 - all_kept) * matrix
        weights, (dim_out, dim_in) = kept / kept.sum(), self.shape
        members, rows, columns = matrix.shape
        blocks = matrix.reshape(members, rows // dim_out, dim_out, columns // dim_in, dim_in)
        if self.signed:
            entries = blocks.transpose(2, 3).reshape(-1, dim_out * dim_in)
            images = entries.index_select(1, self.index).view(len(entries), len(kept), -1)
            mean = (images * (self.sign * weights.unsqueeze(1))).sum(dim=1)
            mean = mean.view(members, rows // dim_out, columns // dim_in, dim_out, dim_in).transpose(2, 3)
        else:
            right = torch.einsum("mcjdk,hlk->mcjdhl", blocks, self.in_moves)
            mean = torch.einsum("mcjdhl,hij->mcidl", right, self.out_moves * weights.view(-1, 1, 1))
        return mean.reshape_as(matrix)


class KeptLinear(ExpandedLinear):
    """y = P_H(W) x + P_H(b): equivariant under a subgroup H, and a plain layer when nothing of it is left.

    H starts as the whole group. Gradients for W are those for P_H(W), averaged over H, and Adam takes equal steps
    along equal gradients: under signed permutations W stays equivariant, and learns as a layer that shares weights.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks import Exact
        >>> from nearsym.networks.kept_linear import KeptLinear
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> layer = KeptLinear(Exact().linear(swap, swap, 1, 3))
        >>> x, y = torch.tensor([[1.0, 2.0]]), layer(torch.tensor([[1.0, 2.0]]))
        >>> layer.keep(torch.tensor([1.0, 0.0]))
        >>> layer.kept.tolist(), bool(torch.allclose(layer(x), y))
        ([1.0, 0.0], True)

    Args:
        exact: an exact layer that knows its representations; what its weights are is where these start.

    Attributes:
        weight: W, (members, out_features, in_features).
        bias: b, (members, out_features).
        kept: (rows,) 1 for the elements of H, or for all generators; otherwise 0. Not trained.
    """

    def __init__(self, exact: ExpandedLinear) -> None:
        super().__init__(exact.in_features, exact.out_features, exact.members)
        assert exact.reps is not None  # exact layers but for steerable kernels have them
        in_rep, out_rep = self.reps = exact.reps
        self.mean = KeptMean(out_rep, in_rep)
        self.bias_mean = KeptMean(out_rep, Representation.trivial(out_rep.group))
        with torch.no_grad():
            weight, bias = exact.expand()
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())
        self.kept = nn.Parameter(torch.ones(in_rep.group.rows), requires_grad=False)

    def expand(self) -> tuple[Tensor, Tensor]:
        """P_H(W) and P_H(b)."""
        return self.mean(self.weight, self.kept), self.bias_mean(self.bias.unsqueeze(2), self.kept).squeeze(2)

    @torch.no_grad()
    def keep(self, kept: Tensor) -> None:
        """Have H be another subgroup; where it is a part of what it was, the layer goes on doing what it does."""
        weight, bias = self.expand()
        self.weight.copy_(weight)
        self.bias.copy_(bias)
        self.kept.copy_(kept)


def _tensor(array: np.ndarray) -> Tensor:  # type: ignore[type-arg]
    return torch.tensor(array, dtype=torch.get_default_dtype())
