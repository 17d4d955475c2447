"""What groups and their elements are called."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

import numpy as np

from .group import powers
from .permutations import IntArray


def generator_names(count: int) -> tuple[str, ...]:
    """``a``, ``b``, … of up to 26 generators, ``g1``, ``g2``, … of more."""
    if count <= len(ascii_lowercase):
        return tuple(ascii_lowercase[:count])
    return tuple(f"g{k}" for k in range(1, count + 1))


def element_names(table: IntArray, generators: Sequence[int], words: Sequence[tuple[int, ...]]) -> tuple[str, ...]:
    """A distinct name for each element of a listed group.

    Standard generators give the names of `Group.cyclic` and `Group.dihedral`: ``r^k`` where one rotation r of order
    n > 2 generates C_n; ``r^k`` and ``r^k s`` where r and a mirror s with s r s = r⁻¹ generate D_n, in either order;
    ``s`` where there is but one element beside the identity. Every other element is called by its word, such as
    ``a^2b``: two generators of D_2 are alike, and which is the mirror the group does not say.

    Args:
        table: (n, n) Cayley table.
        generators: the rows that generate it, each once.
        words: for each element the positions of the generators whose product it is.
    """
    n = len(table)
    if len(generators) == 1:
        names = ["e", "s"] if n == 2 else powers("r", n)
        return _arranged(names, _powers_of(table, generators[0]))
    for r, s in (generators, generators[::-1]) if len(generators) == 2 else ():
        rotations = _powers_of(table, r)
        half = len(rotations)
        if half > 2 and n == 2 * half and table[s, s] == 0 and table[s, table[r, table[s, r]]] == 0:
            return _arranged(
                [*powers("r", half), "s", *(f"{power}s" for power in powers("r", half)[1:])],
                [*rotations, *table[rotations, s]],
            )
    letters = generator_names(1 + max((k for word in words for k in word), default=0))
    return tuple(_word_name(word, letters) for word in words)


def group_name(table: IntArray) -> str:
    """C_n when cyclic, D_n when its element orders and inverses are a dihedral group's, else ``G<order>``."""
    n = len(table)
    orders = np.array([len(_powers_of(table, g)) for g in range(n)])
    if orders.max() == n:
        return f"C{n}" if n > 1 else "trivial"
    half = n // 2
    for r in np.flatnonzero(orders == half) if n % 2 == 0 else ():
        mirrors = np.setdiff1d(np.arange(n), _powers_of(table, r))
        if (orders[mirrors] == 2).all():
            return f"D{half}"
    return f"G{n}"


def _powers_of(table: IntArray, g: int) -> list[int]:
    """e, g, g², … up to the last before e again."""
    found = [0]
    while (power := int(table[found[-1], g])) != 0:
        found.append(power)
    return found


def _arranged(names: Sequence[str], elements: Sequence[int]) -> tuple[str, ...]:
    """`names` in the order of rows, where name k belongs to row ``elements[k]``."""
    return tuple(name for _, name in sorted(zip(elements, names, strict=True)))


def _word_name(word: tuple[int, ...], letters: Sequence[str]) -> str:
    """``a^2b`` for (0, 0, 1); the empty word is e."""
    text, start = "", 0
    for stop in range(1, len(word) + 1):
        if stop == len(word) or word[stop] != word[start]:
            text += letters[word[start]] + (f"^{stop - start}" if stop - start > 1 else "")
            start = stop
    return text or "e"
