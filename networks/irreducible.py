"""Equivariant matrices, block diagonal in irreducible representations: applied without being written out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .small_product import small_product

FloatArray = NDArray[np.float64]

FIRST_CALLS, MORE_CALLS = 500_000, 3_500_000
"""Products that take as long as what is called beside them for blocks of one size, and of each further size: blocks of
one coordinate need no reordering. Measured, see docs/speed.md."""

TOLERANCE = 1e-9
"""Of what is 0 but for rounding, where entries are around 1."""


class IrreducibleProduct(nn.Module):
    """y = Σ_l W(ψ_l) (w_l ⊙ x), for matrices W(ψ) that commute with a representation on `dim` coordinates.

    In coordinates T of irreducible representations, such as sum and difference for a mirror, these matrices are block
    diagonal (Schur's lemma):

        W(ψ) = Tᵀ diag(M_1(ψ), …, M_q(ψ)) T,        M_s(ψ) = Σ_k M_sk ψ_k

    So transform x along the group, multiply by all blocks of one size at once, transform back. For a mirror that is
    half of the products of W, for D4 3/16. Relaxed weights w and the mean over banks are part of the first transform.

    Example:
        >>> import numpy as np
        >>> from nearsym.networks.irreducible import IrreducibleProduct
        >>> mirror = np.stack([np.eye(2), 1 - np.eye(2)], axis=-1)  # two filter values, for equal and for other sides
        >>> IrreducibleProduct(mirror).parts
        ModuleList(
          (0): 2 blocks of 1 coordinate(s)
        )

    Args:
        basis: (dim, dim, count), the matrix that each filter value fills.

    Attributes:
        parts: blocks by their size, the largest first.
        calls: products that take as long as everything beside them does, whatever the sizes.
    """

    def __init__(self, basis: FloatArray) -> None:
        super().__init__()
        found = sorted(irreducible_blocks(basis), key=len, reverse=True)
        self.parts = nn.ModuleList(_Blocks(list(blocks), basis) for _, blocks in groupby(found, len))
        self.calls = FIRST_CALLS + MORE_CALLS * (len(self.parts) - 1)

    def cost(self, c_in: int, c_out: int, banks: int) -> int:
        """Multiplications for one input."""
        return sum(part.cost(c_in, c_out, banks) for part in self._blocks())

    def forward(self, x: Tensor, filters: Tensor, factors: Tensor | None = None) -> Tensor:
        """Apply.

        Args:
            x: (members or 1, dim, c_in, batch).
            filters: ψ, (members, banks, count, c_out, c_in).
            factors: w, (members, banks, dim); None for one bank of ones.

        Returns:
            (members, dim, c_out, batch).
        """
        first, *rest = (part(x, filters, factors) for part in self._blocks())
        for part in rest:
            first = first + part
        return first

    def _blocks(self) -> Iterator[_Blocks]:
        return (cast(_Blocks, part) for part in self.parts)


class _Blocks(nn.Module):
    """The blocks of one size: transform to their coordinates, multiply by each, transform back.

    Example:
        >>> import numpy as np
        >>> from nearsym.networks.irreducible import IrreducibleProduct
        >>> mirror = np.stack([np.eye(2), 1 - np.eye(2)], axis=-1)
        >>> IrreducibleProduct(mirror).parts[0].transform.shape  # sum and difference
        torch.Size([2, 2])

    Args:
        blocks: (size, dim) each, orthonormal coordinates of one block.
        basis: as in `IrreducibleProduct`.
    """

    transform: Tensor
    filled: Tensor

    def __init__(self, blocks: list[FloatArray], basis: FloatArray) -> None:
        super().__init__()
        self.units, self.size = len(blocks), len(blocks[0])
        self.register_buffer("transform", _tensor(np.concatenate(blocks)), persistent=False)
        filled = np.stack([_in_coordinates(block, basis) for block in blocks])
        self.register_buffer("filled", _tensor(filled.reshape(-1, basis.shape[2])), persistent=False)

    def cost(self, c_in: int, c_out: int, banks: int) -> int:
        """Multiplications for one input."""
        rows, dim = self.transform.shape
        return rows * (dim * (banks * c_in + c_out) + self.size * banks * c_in * c_out)

    def forward(self, x: Tensor, filters: Tensor, factors: Tensor | None) -> Tensor:
        """Shapes as in `IrreducibleProduct.forward`."""
        members, banks, _, c_out, c_in = filters.shape
        (rows, dim), size, batch = self.transform.shape, self.size, x.shape[3]
        inwards = self.transform.unsqueeze(0)
        if factors is not None:
            inwards = (self.transform.view(1, -1, 1, size, dim) * factors.unsqueeze(1).unsqueeze(3)).flatten(1, 3)
        inside = small_product(inwards, x.flatten(2)).expand(members, -1, -1)
        weight = small_product(self.filled, filters.flatten(3))
        weight = weight.view(members, banks, -1, size, size, c_out, c_in).permute(0, 2, 3, 5, 1, 4, 6)
        weight = weight.reshape(-1, size * c_out, banks * size * c_in)
        y = torch.bmm(weight, inside.reshape(-1, banks * size * c_in, batch))
        y = small_product(self.transform.t(), y.view(members, rows, c_out * batch))
        return y.view(members, dim, c_out, batch)

    def __repr__(self) -> str:
        """For ``print(module)``."""
        return f"{self.units} blocks of {self.size} coordinate(s)"


def irreducible_blocks(basis: FloatArray) -> list[FloatArray]:
    """Orthonormal coordinates in which all matrices that commute with a representation are block diagonal.

    These matrices are an algebra A. A symmetric one of them, drawn at random, tells A's irreducible representations
    apart: what A makes of one of its eigenvectors v, the space A v, is irreducible, and so on in what is left.

    Args:
        basis: (dim, dim, count), spanning A.

    Returns:
        (size, dim) for each block, dim rows in all; one block where the matrices are no such algebra.
    """
    dim, matrices = len(basis), basis.transpose(2, 0, 1)
    for seed in range(3):  # eigenvalues may lie too close together by chance
        drawn = basis @ np.random.default_rng(seed).standard_normal(basis.shape[2])
        blocks: list[FloatArray] = []
        rest = np.eye(dim)
        while len(rest):
            vector = rest.T @ np.linalg.eigh(rest @ (drawn + drawn.T) @ rest.T)[1][:, 0]
            _, sizes, images = np.linalg.svd(matrices @ vector @ rest.T @ rest)
            blocks.append(images[: np.sum(sizes > TOLERANCE)])
            rest = np.linalg.qr(np.concatenate(blocks).T, mode="complete")[0][:, sum(map(len, blocks)) :].T
        kept = sum(b.T @ b @ matrices @ b.T @ b for b in blocks)
        if np.abs(kept - matrices).max() < TOLERANCE:  # nothing lies between blocks
            return blocks
    return [np.eye(dim)]


def _in_coordinates(block: FloatArray, basis: FloatArray) -> FloatArray:
    """(size, size, count)."""
    inside: FloatArray = (block @ basis.transpose(2, 0, 1) @ block.T).transpose(1, 2, 0)
    return inside


def _tensor(array: FloatArray) -> Tensor:
    return torch.tensor(array, dtype=torch.get_default_dtype())
