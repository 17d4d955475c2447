"""Finite groups as Cayley tables, or by their generators alone when too large to list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from nearsym.envs.errors import SymmetryError

from .permutations import IntArray, OrbitAction, components, distinct_orbits, orders, side_by_side, signed_cover
from .stabilisers import kernel_moves


@dataclass(frozen=True, eq=False)
class Group:
    """A finite group G.

    A *listed* group has elements 0..n-1, identity 0, and a Cayley table ``table[g, h] = gh``. A group
    too large to list (all permutations of many assets) has ``table = None`` and is known by what its
    generators do; `Group.generated` builds it. A representation holds one row per known element: n rows in the
    first case, one per generator in the second.

    Attributes:
        name: what reports call it, such as ``D4``.
        names: a readable name for each row, no two alike.
        generators: the rows that generate the group.
        table: (n, n) Cayley table, or None.
        action: how the generators of an unlisted group permute the points of some orbits, faithfully: an element that
            moves no point is the identity.

    Raises:
        SymmetryError: the table breaks a group law, the generators do not generate it, or two elements share a name.
    """

    name: str
    names: tuple[str, ...]
    generators: tuple[int, ...]
    table: IntArray | None
    action: tuple[OrbitAction, ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise SymmetryError(f"group {self.name}: {twice!r} names two elements; give each a name of its own")
        if self.table is None:
            if self.generators != tuple(range(len(self.names))):
                raise SymmetryError(f"group {self.name}: an unlisted group has one row per generator")
            if any(len(orbit) != len(self.names) for orbit in self.action) or not self.action:
                raise SymmetryError(
                    f"group {self.name}: an unlisted group is known by what each of its {len(self.names)} generators "
                    f"does, got {[len(orbit) for orbit in self.action]}; build it with Group.generated"
                )
            return
        table = np.array(self.table, dtype=np.intp)
        table.setflags(write=False)
        object.__setattr__(self, "table", table)
        _check_laws(self.name, table, self.generators)
        if len(self.names) != len(table):
            raise SymmetryError(f"group {self.name}: got {len(self.names)} names for {len(table)} elements")

    @property
    def listed(self) -> bool:
        """Whether every element is known, rather than the generators alone."""
        return self.table is not None

    @property
    def order(self) -> int | None:
        """Number of elements |G|, or None for an unlisted group."""
        return None if self.table is None else len(self.table)

    @property
    def rows(self) -> int:
        """Number of elements a representation stores."""
        return len(self.names)

    @property
    def cayley_table(self) -> IntArray:
        """The table of a listed group; raises SymmetryError for an unlisted one."""
        if self.table is None:
            raise SymmetryError(f"group {self.name} is given by its generators alone and has no Cayley table")
        return self.table

    @property
    def inverse(self) -> IntArray:
        """(n,) the inverse of each element of a listed group."""
        inverse: IntArray = np.argmin(self.cayley_table, axis=1)
        return inverse

    @cached_property
    def generator_orders(self) -> tuple[int, ...]:
        """For each generator the least power that is the identity."""
        if self.table is None:
            return orders(side_by_side(self.action))
        return orders(self.table[:, list(self.generators)].T)  # g · a, g · a², … comes round with the powers of a

    def __eq__(self, other: object) -> bool:
        """Whether taking generator k of one to generator k of the other, and products to products, is an isomorphism.

        Names do not matter. Tables of listed groups must agree as they stand. Unlisted ones are the same group when no
        product of generators is the identity in one alone; see `kernel_moves` for how sure the answer is.
        """
        if self is other:
            return True
        if not isinstance(other, Group) or self.generators != other.generators or self.listed != other.listed:
            return False
        if self.table is not None and other.table is not None:
            return np.array_equal(self.table, other.table)
        if set(self.action) == set(other.action):
            return True
        return self.generator_orders == other.generator_orders and not (
            kernel_moves(self.action, other.action) or kernel_moves(other.action, self.action)
        )

    def __hash__(self) -> int:
        """Agrees with equality."""
        return hash((self.order, self.generators, self.generator_orders))

    def __repr__(self) -> str:
        """Such as ``Group(D4, order 8)``."""
        size = f"order {self.order}" if self.listed else f"{len(self.generators)} generators"
        return f"Group({self.name}, {size})"

    @classmethod
    def trivial(cls) -> Group:
        """The group of one element."""
        return cls("trivial", ("e",), (), np.zeros((1, 1), dtype=np.intp))

    @classmethod
    def generated(cls, name: str, names: tuple[str, ...], index: ArrayLike, sign: ArrayLike | None = None) -> Group:
        """The group that signed permutations generate, known by these alone.

        Args:
            name: what reports call it, such as ``S20``.
            names: a name for each generator.
            index: (generators, dim) source coordinate of each coordinate.
            sign: (generators, dim) entries +1 or -1; all +1 when absent.

        Raises:
            SymmetryError: a row is no signed permutation, or names are wrong in number or not distinct.
        """
        sources = np.asarray(index, dtype=np.intp)
        signs = np.ones_like(sources) if sign is None else np.asarray(sign, dtype=np.intp)
        if (
            sources.ndim != 2
            or sources.shape != signs.shape
            or 0 in sources.shape
            or (np.sort(sources, axis=1) != np.arange(sources.shape[1])).any()
            or (np.abs(signs) != 1).any()
        ):
            raise SymmetryError(
                f"group {name}: each generator is a permutation of coordinates 0..dim-1 with a sign +1 or -1 for each, "
                f"got {sources.tolist()} with signs {signs.tolist()}"
            )
        cover = signed_cover(sources, signs)
        return cls(name, names, tuple(range(len(names))), None, distinct_orbits(cover, components(cover)))

    @classmethod
    def cyclic(cls, n: int) -> Group:
        """C_n: rotations by 360/n degrees; element k is r^k, generated by r."""
        if n < 1:
            raise SymmetryError(f"C_n needs n >= 1, got n={n}")
        k = np.arange(n)
        return cls(f"C{n}", powers("r", n), (1,) if n > 1 else (), (k[:, None] + k) % n)

    @classmethod
    def dihedral(cls, n: int) -> Group:
        """D_n, of order 2n: n rotations r^k (elements 0..n-1) and n mirrors r^k s (n..2n-1).

        Generated by r (absent for n=1) and s, with s r s = r^-1.
        """
        if n < 1:
            raise SymmetryError(f"D_n needs n >= 1, got n={n}")
        k = np.arange(n)
        plus, minus = (k[:, None] + k) % n, (k[:, None] - k) % n
        # r^a s · r^b = r^(a-b) s and r^a s · r^b s = r^(a-b)
        table = np.block([[plus, plus + n], [minus + n, minus]])
        names = (*powers("r", n), "s", *(f"{p}s" for p in powers("r", n)[1:]))
        return cls(f"D{n}", names, (1, n) if n > 1 else (n,), table)


def powers(letter: str, n: int) -> tuple[str, ...]:
    """The names ``e``, ``r``, ``r^2``, … of n powers."""
    return tuple("e" if k == 0 else letter if k == 1 else f"{letter}^{k}" for k in range(n))


def _check_laws(name: str, table: IntArray, generators: tuple[int, ...]) -> None:
    n = len(table)
    elements = np.arange(n)
    if table.shape != (n, n) or n == 0 or table.min() < 0 or table.max() >= n:
        raise SymmetryError(
            f"group {name}: a Cayley table is a non-empty square of elements 0..n-1, got shape {table.shape}"
        )
    if not (np.array_equal(table[0], elements) and np.array_equal(table[:, 0], elements)):
        raise SymmetryError(f"group {name}: element 0 must be the identity, its row and column are not 0..{n - 1}")
    for axis, what in ((1, "row"), (0, "column")):
        bad = np.flatnonzero((np.sort(table, axis=axis) != np.expand_dims(elements, 1 - axis)).any(axis=axis))
        if len(bad):
            raise SymmetryError(f"group {name}: {what} {bad[0]} of the Cayley table repeats an element: no inverse")
    if any(not 0 <= g < n for g in generators):
        raise SymmetryError(f"group {name}: generators {generators} must lie in 0..{n - 1}")
    reached = {0}
    frontier = [0]
    while frontier:
        frontier = [h for h in {int(table[g, a]) for g in frontier for a in generators} if h not in reached]
        reached.update(frontier)
    if len(reached) < n:
        raise SymmetryError(f"group {name}: generators {generators} reach {len(reached)} of {n} elements")
    # Light's test: associativity need only hold with a generator in the middle.
    for a in generators:
        wrong = np.argwhere(table[table[:, a]] != table[:, table[a]])
        if len(wrong):
            x, y = wrong[0]
            raise SymmetryError(
                f"group {name}: not associative, ({x}·{a})·{y} = {table[table[x, a], y]} "
                f"but {x}·({a}·{y}) = {table[x, table[a, y]]}"
            )
