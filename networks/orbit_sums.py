"""Equivariant matrices between coordinates that a group permutes, applied by sums over orbits: Deep Sets and others."""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, coordinate_orbits

from .orbit_split import FloatArray, IntArray, Split, row_basis, split
from .small_product import small_product

CALLS = 4_000_000
"""Products that take as long as what is called beside them. Measured, see docs/speed.md."""

MOST = 16
"""Orbits of pairs in one block above which sums save nothing."""


class OrbitSums(nn.Module):
    """y = Σ_k ψ_k B_k x for matrices B_k of orbits of index pairs, without writing their sum out.

    Every orbit lies in the block of one orbit of outputs and one of inputs. Some give every output one input: copies
    P_a, such as the diagonal. The others are large, but of low rank once copies are added to them, such as all pairs
    off the diagonal, which with the diagonal are all pairs:

        B_k = U M_k V + Σ_a c_ka P_a
        y = Σ_a (Σ_k c_ka ψ_k) P_a x + U (Σ_k ψ_k M_k) V x

    So every coordinate is multiplied by filters that it shares with its orbit, and pooled sums V x by others: linear
    in the number of coordinates where the matrix is quadratic. For permutations of assets there is one sum, and this
    is the layer of Deep Sets (Zaheer et al., arXiv 1703.06114). U, V and c are found numerically (`split`).

    Example:
        >>> import numpy as np
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks.orbit_sums import OrbitSums
        >>> order = np.array([[1, 0, 2, 3], [1, 2, 3, 0]])
        >>> assets = Representation.signed_permutation(Group.generated("S4", ("swap", "cycle"), order), order)
        >>> sums = OrbitSums(2 - np.eye(4, dtype=int), assets, assets)  # one filter for equal, one for other assets
        >>> sums.cost(8, 8, 1), (4 * 8) ** 2
        (352, 1024)

    Args:
        labels: (dim_out, dim_in) k + 1 with the sign of B_k where that is not 0, and 0 elsewhere.
        out_rep: representation on the output, a signed permutation.
        in_rep: the same of the input.
        relax: the side that relaxed weights belong to, ``"input"`` or ``"output"``.

    Attributes:
        mix: (rows, count) what copies and pooled sums are multiplied by, from ψ.
        worthwhile: whether there are few enough orbits; nothing is prepared where not.
        calls: as of `IrreducibleProduct`.
    """

    mix: Tensor
    calls = CALLS

    def __init__(self, labels: IntArray, out_rep: Representation, in_rep: Representation, relax: str = "input") -> None:
        super().__init__()
        rows, columns = coordinate_orbits(out_rep), coordinate_orbits(in_rep)
        blocks = [[_Block(labels, row, column) for column in columns] for row in rows]
        self.relax, self.worthwhile = relax, all(len(block.orbits) <= MOST for own in blocks for block in own)
        if not self.worthwhile:
            return
        known: dict[tuple[object, bytes], Split] = {}
        splits = [[block.split(known) for block in own] for own in blocks]
        sums = [row_basis(_stacked([own[c].rests for own in splits])) for c in range(len(columns))]
        alike: dict[tuple[object, bytes], list[int]] = {}
        for c, basis in enumerate(sums):
            if len(basis):
                alike.setdefault((basis.shape, basis.tobytes()), []).append(c)
        self.pools = nn.ModuleList(_Pool(np.stack([columns[c] for c in cs]), sums[cs[0]]) for cs in alike.values())
        pooled = [c for cs in alike.values() for c in cs]
        self.parts, mix = nn.ModuleList(), []
        for own, found in zip(blocks, splits, strict=True):
            spread = row_basis(_stacked([s.rests.transpose(0, 2, 1) for s in found])).T
            index = np.concatenate([column[s.index] for column, s in zip(columns, found, strict=True)])
            self.parts.append(_Part(index, np.concatenate([s.sign for s in found]), spread, sum(map(len, sums))))
            mix += [block.of_all(s.mixture.T) for block, s in zip(own, found, strict=True)]
            cores = [np.linalg.pinv(spread) @ found[c].rests @ np.linalg.pinv(sums[c]) for c in pooled]
            inner = [own[c].of_all(core.transpose(1, 2, 0)) for c, core in zip(pooled, cores, strict=True)]
            mix += [np.concatenate(inner, axis=1).reshape(-1, labels.max())] if inner else []
        self.register_buffer("mix", _tensor(np.concatenate(mix)), persistent=False)
        self.order = _Take(np.argsort(np.concatenate(rows)))

    def cost(self, c_in: int, c_out: int, banks: int) -> float:
        """Multiplications for one input, and additions where inputs are pooled."""
        if not self.worthwhile:
            return math.inf
        c_in, c_out = (c_in, banks * c_out) if self.relax == "output" else (banks * c_in, c_out)
        return sum(cast(_Pool, pool).cost for pool in self.pools) * c_in + sum(
            part.cost(c_in, c_out) for part in self._parts
        )

    def forward(self, x: Tensor, filters: Tensor, factors: Tensor | None = None) -> Tensor:
        """Apply: Σ_l Σ_k ψ_lk B_k (w_l ⊙ x), or Σ_l w_l ⊙ Σ_k ψ_lk B_k x where outputs are relaxed.

        It is fastest where channels lie before coordinates in memory, as those of what it returns do.

        Args:
            x: (members or 1, dim_in, c_in, batch).
            filters: ψ, (members, banks, count, c_out, c_in).
            factors: w, (members, banks, dim of the relaxed side); None for one bank of ones.

        Returns:
            (members, dim_out, c_out, batch).
        """
        members, banks, _, c_out, c_in = filters.shape
        x, outside = x.transpose(1, 2), self.relax == "output"
        if factors is not None and not outside:
            x = (x.unsqueeze(1) * factors[:, :, None, :, None]).flatten(1, 2)
        values = small_product(self.mix, filters.flatten(3)).reshape(members, banks, -1, c_out, c_in)
        values = values.permute(0, 1, 3, 4, 2) if outside else values.permute(0, 3, 1, 4, 2)
        values = values.reshape(members, -1, x.shape[1], self.mix.shape[0])
        pools = [pool(x) for pool in self.pools]
        sums = pools[0] if len(pools) == 1 else torch.cat(pools, dim=2) if pools else None
        own = torch.split(values, [part.rows for part in self._parts], dim=3)
        found = [part(x, sums, each) for part, each in zip(self._parts, own, strict=True)]
        y = found[0] if len(found) == 1 else torch.cat(found, dim=2)
        y = self.order(y)
        if factors is not None and outside:
            y = (y.reshape(members, banks, c_out, *y.shape[2:]) * factors[:, :, None, :, None]).sum(dim=1)
        return y.transpose(1, 2)

    @property
    def _parts(self) -> list[_Part]:
        return [cast(_Part, part) for part in self.parts]


class _Block:
    """The orbits of pairs between one orbit of outputs and one of inputs."""

    def __init__(self, labels: IntArray, row: IntArray, column: IntArray) -> None:
        self.labels, self.count = labels[np.ix_(row, column)], int(labels.max())
        self.orbits = np.setdiff1d(np.abs(self.labels), [0]) - 1

    def split(self, known: dict[tuple[object, bytes], Split]) -> Split:
        """`split`, looked up where another block is the same but for the numbers of its orbits."""
        relative = np.searchsorted(self.orbits + 1, np.abs(self.labels)) * np.sign(np.abs(self.labels))
        signs = np.sign(self.labels)
        key = (relative.shape, np.stack([relative, signs]).tobytes())
        if key not in known:
            known[key] = split((np.abs(self.labels) == self.orbits[:, None, None] + 1) * signs.astype(np.float64))
        return known[key]

    def of_all(self, own: FloatArray) -> FloatArray:
        """(..., count) of all orbits, from (..., own orbits)."""
        every = np.zeros((*own.shape[:-1], self.count))
        every[..., self.orbits] = own
        return every


class _Take(nn.Module):
    """(..., *shape, batch) of (..., dim, batch), for coordinates of any shape: a view where they follow one another.

    Example:
        >>> import numpy as np
        >>> import torch
        >>> from nearsym.networks.orbit_sums import _Take
        >>> _Take(np.array([[1, 2], [0, 1]]))(torch.tensor([[5.0], [6.0], [7.0]])).squeeze(-1).tolist()
        [[6.0, 7.0], [5.0, 6.0]]
    """

    index: Tensor

    def __init__(self, index: IntArray) -> None:
        super().__init__()
        self.shape, flat = index.shape, index.reshape(-1)
        self.start = int(flat[0]) if len(flat) and _is_range(flat - flat[0]) else None
        self.register_buffer("index", torch.tensor(flat), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """What is there."""
        if self.start is None:
            taken = x.index_select(-2, self.index)
        else:
            taken = x.narrow(-2, self.start, len(self.index))
        return taken.reshape(*x.shape[:-2], *self.shape, x.shape[-1])


class _Pool(nn.Module):
    """V x for orbits of inputs that are pooled alike, (..., orbits · rank, batch).

    Example:
        >>> import numpy as np
        >>> import torch
        >>> from nearsym.networks.orbit_sums import _Pool
        >>> _Pool(np.array([[0, 1], [2, 3]]), np.ones((1, 2)))(torch.arange(4.0).view(4, 1)).tolist()
        [[1.0], [5.0]]
    """

    basis: Tensor

    def __init__(self, index: IntArray, basis: FloatArray) -> None:
        super().__init__()
        self.take, self.plain = _Take(index), len(basis) == 1 and bool((basis == 1).all())
        self.register_buffer("basis", _tensor(basis), persistent=False)
        self.cost = len(index) * (index.shape[1] if self.plain else basis.size)

    def forward(self, x: Tensor) -> Tensor:
        """The sums."""
        taken = self.take(x)
        return taken.sum(dim=-2) if self.plain else small_product(self.basis, taken).flatten(-3, -2)


class _Part(nn.Module):
    """An orbit of outputs: copies of inputs times their filters, and pooled sums times theirs, spread by U.

    Example:
        Two outputs that copy two inputs times 2 and add their sum times 10:

        >>> import numpy as np
        >>> import torch
        >>> from nearsym.networks.orbit_sums import _Part
        >>> part = _Part(np.array([[0, 1]]), np.ones((1, 2)), np.ones((2, 1)), sums=1)
        >>> x = torch.tensor([1.0, 2.0]).view(1, 1, 2, 1)
        >>> part(x, x.sum(dim=2, keepdim=True), torch.tensor([2.0, 10.0]).view(1, 1, 1, 2)).flatten().tolist()
        [32.0, 34.0]
    """

    sign: Tensor
    spread: Tensor

    def __init__(self, index: IntArray, sign: FloatArray, spread: FloatArray, sums: int) -> None:
        super().__init__()
        self.take, self.signed, self.copies = _Take(index), bool((sign != 1).any()), len(index)
        self.dim, self.rank, self.sums = len(spread), spread.shape[1], sums
        self.plain = self.rank == 1 and bool((spread == 1).all())
        self.register_buffer("sign", _tensor(sign), persistent=False)
        self.register_buffer("spread", _tensor(spread), persistent=False)
        self.rows = self.copies + self.rank * sums

    def cost(self, c_in: int, c_out: int) -> int:
        """Multiplications."""
        spread = 0 if self.plain else self.dim * self.rank * c_out
        return (self.dim * self.copies + self.rank * self.sums) * c_in * c_out + spread

    def forward(self, x: Tensor, sums: Tensor | None, values: Tensor) -> Tensor:
        """(members, c_out, dim, batch), from (members or 1, c_in, ·, batch) and (members, c_out, c_in, rows)."""
        members, c_out, c_in, _ = values.shape
        y, batch = None, x.shape[-1]
        if self.copies:
            taken = self.take(x)
            taken = taken * self.sign.unsqueeze(2) if self.signed else taken
            weight = values[..., : self.copies].reshape(members, c_out, -1)
            y = _product(weight, taken.reshape(len(x), -1, self.dim * batch)).reshape(members, c_out, self.dim, batch)
        if self.rank and sums is not None:
            weight = values[..., self.copies :].reshape(members, c_out, c_in, self.rank, self.sums)
            weight = weight.transpose(2, 3).reshape(members, c_out * self.rank, -1)
            common = _product(weight, sums.reshape(len(x), -1, batch)).reshape(members, c_out, self.rank, batch)
            common = common.expand(-1, -1, self.dim, -1) if self.plain else small_product(self.spread, common)
            y = common if y is None else y + common
        return x.new_zeros(members, c_out, self.dim, batch) if y is None else y


def _product(weight: Tensor, x: Tensor) -> Tensor:
    """(members, n, k) times (members or 1, k, m).

    Never written out as a sum, however small k is: the gradient with respect to weights would be a sum over all of m
    that a compiler merges with how x was gathered, one number at a time.
    """
    if len(x) == 1:
        return (weight.flatten(0, 1) @ x[0]).reshape(*weight.shape[:2], -1)
    return weight @ x


def _stacked(matrices: list[FloatArray]) -> FloatArray:
    """Rows of (count, rows, columns) matrices."""
    return np.concatenate([each.reshape(-1, each.shape[-1]) for each in matrices])


def _is_range(index: IntArray) -> bool:
    return np.array_equal(index, np.arange(len(index)))


def _tensor(array: FloatArray) -> Tensor:
    return torch.tensor(array, dtype=torch.get_default_dtype())
