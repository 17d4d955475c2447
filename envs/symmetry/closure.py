"""From generators given as arrays to a group and its representations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import SymmetryError

from .generators import Generator, densify, parse
from .group import Group
from .names import element_names, generator_names, group_name
from .permutations import IntArray
from .representation import FloatArray, Representation

MAX_LISTED = 48
"""Largest group of signed permutations that is listed; a larger one is kept as its generators."""

MAX_DENSE = 256
"""Largest group of dense matrices: closing past it is taken for infinite order."""

SAME = 1e-6
"""Two elements whose matrices differ by less are the same element."""


@dataclass(frozen=True)
class _Action:
    """One element acting on every part (observation, action, …): signed permutations or matrices."""

    parts: tuple[NDArray[Any], ...]  # (2, dim) index and sign, or (dim, dim)
    signed: tuple[bool, ...]

    def then(self, first: _Action) -> _Action:
        """The product self · first."""
        pairs = zip(self.parts, first.parts, self.signed, strict=True)
        return _Action(
            tuple(np.stack([b[0][a[0]], a[1] * b[1][a[0]]]) if signed else a @ b for a, b, signed in pairs),
            self.signed,
        )

    def key(self) -> FloatArray:
        """Equal elements have keys within `SAME`; a signed coordinate is coded as ±(index + 1)."""
        coded = np.concatenate(
            [((p[0] + 1) * p[1] if s else p).ravel() for p, s in zip(self.parts, self.signed, strict=True)]
        )
        return coded.astype(np.float64)


def close(parts: Mapping[str, Sequence[Generator]], name: str | None = None) -> dict[str, Representation]:
    """Close generators under multiplication: one representation for each named part, of one common group.

    Args:
        parts: for each part the list of its generators; generator k of every part is the same element.
        name: what to call the group; by default a name such as ``C2`` where it is known.

    Raises:
        SymmetryError: the parts disagree on the number of generators or a generator on its size; a matrix is
            not orthogonal; or the order is infinite.
    """
    counts = {part: len(generators) for part, generators in parts.items()}
    if len(set(counts.values())) != 1 or not next(iter(counts.values())):
        raise SymmetryError(
            f"every part needs the same number of generators, at least one: got {counts}; "
            "generator k of the observation and generator k of the action are one and the same element"
        )
    parsed = {
        part: [parse(generator, f"{part} generator {k}") for k, generator in enumerate(generators)]
        for part, generators in parts.items()
    }
    for part, generators in parsed.items():
        dims = [g.shape[-1] for g, _ in generators]
        if len(set(dims)) != 1:
            raise SymmetryError(f"generators of {part} act on different numbers of coordinates: {dims}")
        if not all(signed for _, signed in generators):
            parsed[part] = [(densify(g) if signed else g, False) for g, signed in generators]
    count = counts[next(iter(counts))]
    actions = [
        _Action(tuple(p[k][0] for p in parsed.values()), tuple(p[k][1] for p in parsed.values())) for k in range(count)
    ]
    group, elements = _list_elements(actions, name)
    return {
        part: _representation(group, np.stack([e.parts[i] for e in elements]), elements[0].signed[i])
        for i, part in enumerate(parts)
    }


def _representation(group: Group, values: NDArray[Any], signed: bool) -> Representation:
    if signed:
        return Representation.signed_permutation(group, values[:, 0], values[:, 1])
    return Representation.matrices(group, values)


def _list_elements(generators: list[_Action], name: str | None) -> tuple[Group, list[_Action]]:
    all_signed = all(generators[0].signed)
    limit = MAX_LISTED if all_signed else MAX_DENSE
    identity = _Action(
        tuple(
            np.stack([np.arange(p.shape[-1]), np.ones(p.shape[-1], dtype=np.intp)]) if s else np.eye(len(p))
            for p, s in zip(generators[0].parts, generators[0].signed, strict=True)
        ),
        generators[0].signed,
    )
    elements: list[_Action] = [identity]
    words: list[tuple[int, ...]] = [()]  # the generators whose product each element is
    keys = identity.key()[None]
    right: list[list[int]] = []  # right[g][k] = g · generator k
    while len(right) < len(elements):
        g = len(right)
        row = []
        for k, generator in enumerate(generators):
            product = elements[g].then(generator)
            key = product.key()
            match = np.flatnonzero(np.abs(keys - key).max(axis=1) < SAME)
            if len(match):
                row.append(int(match[0]))
                continue
            row.append(len(elements))
            elements.append(product)
            words.append((*words[g], k))
            keys = np.concatenate([keys, key[None]])
            if len(elements) > limit:
                if all_signed:
                    names = generator_names(len(generators))
                    return Group.generated(name or "generated", names, *_joint(generators)), generators
                raise SymmetryError(
                    f"the generators have more than {limit} products, so the group is taken to be infinite; "
                    "use a rotation by 360/n degrees with a whole n (check degrees against radians)"
                )
        right.append(row)
    table = _cayley_table(np.array(right), words)
    rows = tuple(dict.fromkeys(r for r in right[0] if r != 0))  # a generator that is the identity adds nothing
    group = Group(name or group_name(table), element_names(table, rows, words), rows, table)
    return group, elements


def _joint(elements: list[_Action]) -> NDArray[np.intp]:
    """(2, elements, dim) index and sign on all parts side by side."""
    starts = np.cumsum([0] + [part.shape[-1] for part in elements[0].parts[:-1]])
    rows = [[np.add(part, [[start], [0]]) for part, start in zip(e.parts, starts, strict=True)] for e in elements]
    return np.stack([np.concatenate(row, axis=1) for row in rows], axis=1)


def _cayley_table(right: IntArray, words: list[tuple[int, ...]]) -> IntArray:
    """G · h by following the word of h from g."""
    columns = [np.arange(len(words))]
    for word in words[1:]:
        column = columns[0]
        for k in word:
            column = right[column, k]
        columns.append(column)
    return np.stack(columns, axis=1)
