"""Orbits of coordinates under a signed permutation representation, from its generators alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from .laws import TOLERANCE
from .permutations import IntArray, OrbitAction, components, distinct_orbits, signed_cover
from .representation import Representation


@dataclass(frozen=True)
class Orbits:
    """Which coordinates of an invariant vector v = ρ(g) v share a value, and with which sign.

    Attributes:
        label: (dim,) orbit of each coordinate, or -1 where the orbit meets itself with the opposite sign,
            which forces v to be zero there.
        sign: (dim,) v[i] = sign[i] · value[label[i]], with +1 at the first coordinate of each orbit and 0
            where v is zero.
        count: number of free values.
    """

    label: IntArray
    sign: IntArray
    count: int


def invariant_orbits(rep: Representation) -> Orbits:
    """The invariant vectors of a signed permutation: one free value for each orbit.

    v = ρ(g) v says v[i] = sign[g, i] · v[index[g, i]]. The orbits are the connected components of the signed
    double cover, whose nodes are (i, +) and (i, -) and whose edges join (i, ±) to (index[g, i], ±sign[g, i])
    for every generator g; no list of group elements is needed.
    """
    component = _cover_components(rep)
    plus, minus = component[: rep.dim], component[rep.dim :]
    free = plus != minus
    root = np.minimum(plus, minus)
    label = np.full(rep.dim, -1, dtype=np.intp)
    sign = np.zeros(rep.dim, dtype=np.intp)
    _, first, inverse = np.unique(root[free], return_index=True, return_inverse=True)
    label[free] = inverse
    sign[free] = np.where(plus[free] == plus[free][first][inverse], 1, -1)
    return Orbits(label, sign, len(first))


def equivariant_orbits(out_rep: Representation, in_rep: Representation) -> Orbits:
    """Weight sharing of an equivariant matrix, ρ_out(g) W = W ρ_in(g), over pairs ``out·dim_in + in``.

    W flattened is an invariant vector of ρ_out ⊗ ρ_in.
    """
    return invariant_orbits(out_rep.tensor_product(in_rep))


def coordinate_orbits(rep: Representation) -> list[IntArray]:
    """The orbits of coordinates under |ρ|, each sorted, ordered by their first coordinate."""
    label = invariant_orbits(rep.permutation()).label
    order = np.argsort(label, kind="stable")
    return np.split(order, np.cumsum(np.bincount(label))[:-1])


def mixed_coordinates(rep: Representation) -> IntArray:
    """(dim,) the number of each coordinate's block: two coordinates share one where the group mixes them.

    The blocks are the finest for which every diagonal matrix that is constant on each commutes with every ρ(g): for
    signed permutations the orbits of coordinates, for dense matrices the connected components of their entries.
    """
    if rep.dense is None:
        return invariant_orbits(rep.permutation()).label
    entries = (np.abs(rep.dense) > TOLERANCE).any(axis=0)
    return connected_components(entries, directed=False)[1].astype(np.intp)


def cover_orbits(rep: Representation) -> list[OrbitAction]:
    """The distinct permutations by which the rows of `rep` move the orbits of its signed double cover.

    Each is given as one tuple of source points per row. Orbits moved in the same way (the same assets seen
    on several days) are given once, and fixed points only when there is nothing else.
    """
    return list(distinct_orbits(signed_cover(*rep.arrays), _cover_components(rep)))


def _cover_components(rep: Representation) -> IntArray:
    """(2·dim,) component of each node (i, +), then of each (i, -), of the signed double cover."""
    generators = list(rep.group.generators)
    return components(signed_cover(*(array[generators] for array in rep.arrays)))
