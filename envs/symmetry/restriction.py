"""A part of a declared symmetry: what some elements of its group generate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from nearsym.envs.errors import SymmetryError

from .group import Group
from .observation import Image, Observation, Parts, Vector, Window
from .products import with_products
from .representation import Representation
from .subgroups import generated_subgroup
from .symmetry import Symmetry

PRODUCTS = 30
"""Elements that can be named of a group too large to list: its generators and their shortest products."""

_Part = Callable[[Representation], Representation]


def restricted(symmetry: Symmetry, elements: Sequence[str]) -> Symmetry:
    """The same symmetry under the subgroup that some elements generate.

    Where a world keeps a mirror and breaks all turns, that mirror alone is exact.

    Args:
        symmetry: declared.
        elements: their names, as ``nearsym audit`` shows them; of a group too large to list those of `with_products`.
            With none the symmetry is returned as it is.

    Raises:
        SymmetryError: an element is unknown, or they generate the identity alone.

    Example:
        >>> from nearsym.envs.symmetry import Symmetry, restricted
        >>> quarter, mirror = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
        >>> square = Symmetry.generated(observation=[quarter, mirror], action=[quarter, mirror])
        >>> restricted(square, ["r^2", "s"]).group
        Group(r^2, s of D4, order 4)
    """
    if not elements:
        return symmetry
    symmetry = with_products(symmetry, PRODUCTS)
    group = symmetry.group
    unknown = [each for each in elements if each not in group.names]
    if unknown:
        raise SymmetryError(
            f"{group.name} has no element {', '.join(map(repr, unknown))}; choose from {', '.join(group.names)}"
        )
    chosen = [group.names.index(each) for each in dict.fromkeys(elements)]
    name = f"{', '.join(group.names[g] for g in chosen)} of {group.name}"
    if not group.listed:
        return _of_generators(symmetry, name, chosen)
    kept = sorted(generated_subgroup(group, chosen))
    if len(kept) == 1:
        raise SymmetryError(f"{', '.join(elements)} of {group.name} moves nothing; use network=plain")
    place = np.full(group.rows, -1)
    place[kept] = np.arange(len(kept))
    part = Group(
        name if len(kept) < group.rows else group.name,
        tuple(group.names[g] for g in kept),
        tuple(int(place[g]) for g in chosen if g),
        place[group.cayley_table[np.ix_(kept, kept)]],
    )
    return _moved(symmetry, part, partial(_rows, group=part, rows=kept))


def _of_generators(symmetry: Symmetry, name: str, chosen: list[int]) -> Symmetry:
    """Of a group that is known by what its generators do to everything, side by side."""
    parts = [symmetry.observation.rep, symmetry.action, *([] if symmetry.state is None else [symmetry.state])]
    index, sign = parts[0].direct_sum(*parts[1:]).arrays
    group = Group.generated(name, tuple(symmetry.group.names[g] for g in chosen), index[chosen], sign[chosen])
    return _moved(symmetry, group, partial(_rows, group=group, rows=chosen))


def _moved(symmetry: Symmetry, group: Group, of: _Part) -> Symmetry:
    state = None if symmetry.state is None else of(symmetry.state)
    return replace(
        symmetry, group=group, observation=_part(symmetry.observation, of), action=of(symmetry.action), state=state
    )


def _rows(rep: Representation, group: Group, rows: Sequence[int]) -> Representation:
    if rep.dense is not None:
        return Representation(group, dense=rep.dense[list(rows)])
    index, sign = rep.arrays
    return Representation.signed_permutation(group, index[list(rows)], sign[list(rows)])


def _part(observation: Observation, of: _Part) -> Observation:
    if isinstance(observation, Image):
        return Image(of(observation.plane), observation.shape)
    if isinstance(observation, Window):
        return Window(of(observation.step), observation.steps)
    if isinstance(observation, Parts):
        return Parts({name: _part(each, of) for name, each in observation.named.items()})
    return Vector(of(observation.rep))
