"""Signed permutations as permutations of the signed coordinates, and the orbits of these."""

from __future__ import annotations

from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

IntArray = NDArray[np.intp]

OrbitAction = tuple[tuple[int, ...], ...]
"""How each generator (or element) permutes the points of one orbit: the source of every point."""


def signed_cover(index: IntArray, sign: NDArray[np.signedinteger[Any]]) -> IntArray:
    """(rows, 2·dim) permutations of the signed coordinates (0, +), …, (dim - 1, +), (0, -), …, (dim - 1, -).

    The row of a signed permutation takes (index[i], ±sign[i]) to (i, ±). Products, and which row is the identity, are
    those of the signed permutations.
    """
    dim = index.shape[1]
    flip = (sign < 0) * dim
    return np.concatenate([index + flip, index + (dim - flip)], axis=1)


def components(permutations: IntArray) -> IntArray:
    """(points,) the orbit of each point under the group that (rows, points) permutations generate."""
    rows, points = permutations.shape
    tail = np.tile(np.arange(points), rows)
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, permutations.ravel())), shape=(points, points))
    return connected_components(graph, directed=False)[1].astype(np.intp)


def distinct_orbits(permutations: IntArray, component: IntArray) -> tuple[OrbitAction, ...]:
    """How (rows, points) permutations act on each orbit, orbits that are moved alike once.

    Points of an orbit are numbered in their order. Fixed points are left out unless there is nothing else.
    """
    sizes = np.bincount(component)
    stops = np.cumsum(sizes)
    order = np.argsort(component, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order)) - np.repeat(stops - sizes, sizes)
    sources = np.ascontiguousarray(place[permutations].T[order])
    found: dict[tuple[int, bytes], IntArray] = {}
    for start, stop in zip((stops - sizes).tolist(), stops.tolist(), strict=True):
        orbit = sources[start:stop]
        found.setdefault((len(orbit), orbit.tobytes()), orbit)
    moved = [orbit for orbit in found.values() if len(orbit) > 1] or list(found.values())[:1]
    return tuple(tuple(map(tuple, orbit.T.tolist())) for orbit in moved)


def side_by_side(orbits: tuple[OrbitAction, ...]) -> IntArray:
    """(rows, points) permutations of all orbits' points, one orbit after the other."""
    starts = np.cumsum([0] + [len(orbit[0]) for orbit in orbits[:-1]])
    return np.concatenate([np.array(orbit, dtype=np.intp) + s for orbit, s in zip(orbits, starts, strict=True)], axis=1)


def orders(permutations: IntArray) -> tuple[int, ...]:
    """The least power of each row that is the identity: the least common multiple of its cycles' lengths."""
    cycles = (np.bincount(components(row[None])) for row in permutations)
    return tuple(lcm(*np.unique(lengths).tolist()) for lengths in cycles)
