"""The mean of a matrix over a group: the orthogonal projection on the equivariant matrices."""

from __future__ import annotations

import numpy as np
import torch
from scipy.linalg import orth
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, equivariant_orbits

from .sharing import weight_sharing


class GroupMean(nn.Module):
    """P(W) = mean_g ρ_out(g)⁻¹ W ρ_in(g), of matrices between channels of two representations.

    The nearest equivariant matrix in the Frobenius norm. Nothing is averaged over group elements: between signed
    permutations P takes the mean over every orbit of index pairs, with signs, which generators alone give; otherwise it
    is Q Qᵀ for an orthonormal basis Q of the equivariant matrices (`weight_sharing`).

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks.group_mean import GroupMean
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> GroupMean(swap, swap)(torch.tensor([[[1.0, 2.0], [4.0, 3.0]]]))
        tensor([[[2., 3.],
                 [3., 2.]]])

    Args:
        out_rep: representation on one output channel.
        in_rep: representation on one input channel, positions included.

    Raises:
        SymmetryError: the representations belong to different groups, or both are dense.
    """

    label: Tensor
    sign: Tensor
    size: Tensor
    basis: Tensor

    def __init__(self, out_rep: Representation, in_rep: Representation) -> None:
        super().__init__()
        self.shape = out_rep.dim, in_rep.dim
        self.by_orbits = out_rep.is_signed_permutation and in_rep.is_signed_permutation
        if self.by_orbits:
            orbits = equivariant_orbits(out_rep, in_rep)
            label = np.maximum(orbits.label, 0)  # entries that are 0 in every equivariant matrix have the sign 0
            self.register_buffer("label", torch.tensor(label), False)
            self.register_buffer("sign", torch.tensor(orbits.sign, dtype=torch.get_default_dtype()), False)
            size = np.maximum(np.bincount(label, np.abs(orbits.sign)), 1)  # there may be no orbit
            self.register_buffer("size", torch.tensor(size, dtype=torch.get_default_dtype()), False)
        else:
            sharing = weight_sharing(out_rep, in_rep).double()
            entries = sharing(torch.eye(sharing.count, dtype=torch.float64).view(sharing.count, 1, sharing.count, 1, 1))
            basis = orth(entries.reshape(sharing.count, -1).numpy().T)
            self.register_buffer("basis", torch.tensor(basis, dtype=torch.get_default_dtype()), False)

    def forward(self, matrix: Tensor) -> Tensor:
        """P(W), of (members, out_channels·out_rep.dim, in_channels·in_rep.dim) matrices W."""
        dim_out, dim_in = self.shape
        members, rows, columns = matrix.shape
        c_out, c_in = rows // dim_out, columns // dim_in
        blocks = matrix.reshape(members, c_out, dim_out, c_in, dim_in).transpose(2, 3)
        entries = blocks.reshape(-1, dim_out * dim_in)
        if self.by_orbits:
            signed = entries * self.sign
            sums = signed.new_zeros(len(signed), len(self.size)).index_add(1, self.label, signed)
            mean = (sums / self.size)[:, self.label] * self.sign
        else:
            mean = entries @ self.basis @ self.basis.t()
        return mean.view(members, c_out, c_in, dim_out, dim_in).transpose(2, 3).reshape_as(matrix)
