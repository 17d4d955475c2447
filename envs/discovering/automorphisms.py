"""Signed permutations that keep a labelled relation between coordinates: colour refinement, then search.

A coordinate i becomes two points, (i, +) and (i, -). A signed permutation of coordinates is a permutation of the points
that takes antipodes to antipodes, so that finding signed permutations is finding automorphisms of a labelled graph
(McKay and Piperno, "Practical graph isomorphism II", arXiv 1301.1493, has refinement, individualisation and pruning by
orbits).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.intp]
FloatArray = NDArray[np.float64]

NODES = 500
"""Nodes of the search after which it stops."""


@dataclass(frozen=True)
class Relation:
    """What a signed permutation has to keep; point 2i is (i, +), point 2i + 1 is (i, -).

    Attributes:
        labels: (points, points) whole numbers: a permutation π keeps them when labels[π p, π q] = labels[p, q].
        colours: (points,) whole numbers that it keeps as well.
    """

    labels: IntArray
    colours: IntArray


def group_values(values: FloatArray, tolerance: float) -> IntArray:
    """A number for each value, the same for values between which no gap is wider than the tolerance."""
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    number = np.zeros(len(flat), dtype=np.intp)
    number[order[1:]] = np.cumsum(np.diff(flat[order]) > tolerance)
    return number.reshape(values.shape)


def combined(*numbers: IntArray) -> IntArray:
    """One number for each tuple of numbers."""
    stacked = np.stack([each.ravel() for each in numbers], axis=1)
    found: IntArray = np.unique(stacked, axis=0, return_inverse=True)[1].reshape(numbers[0].shape)
    return found


class Search:
    """Generators of the group of permutations that keep a relation and pass a test.

    Args:
        relation: what is kept.
        accepts: whether a permutation of the points passes; those that pass must be a group.
        plausible: whether points may go where a permutation that is known in part takes them; True where nothing is
            known against it.
        nodes: of the search, after which it stops.
    """

    def __init__(
        self,
        relation: Relation,
        accepts: Callable[[IntArray], bool],
        plausible: Callable[[IntArray, IntArray], bool] = lambda points, images: True,
        nodes: int | None = None,
    ) -> None:
        points = len(relation.colours)
        antipode = np.arange(points)[None] == (np.arange(points) ^ 1)[:, None]
        self._labels = combined(relation.labels, antipode.astype(np.intp))
        self._colours, self._accepts, self._plausible = relation.colours, accepts, plausible
        self._left = NODES if nodes is None else nodes

    @property
    def exhausted(self) -> bool:
        """Whether the search stopped before it had looked everywhere."""
        return self._left <= 0

    def generators(self) -> list[IntArray]:
        """Permutations of the points that generate the group.

        Level by level, the deepest first: the points that are fixed above a level stay, and the level's own point is
        taken to every other one of its cell that no generator takes it to yet (Schreier and Sims).
        """
        refined = self._refined(self._colours, self._colours)
        assert refined is not None  # it is like itself
        colours, levels = refined[0], []
        while (cell := _smallest_cell(colours)) is not None:
            levels.append((colours, cell))
            refined = self._refined(*(_told_apart(colours, int(cell[0])) for _ in range(2)))
            assert refined is not None
            colours = refined[0]
        found: list[IntArray] = []
        for colours, cell in reversed(levels):
            point, closed = int(cell[0]), set[int]()
            for image in map(int, cell[1:]):
                if image in closed or image in _orbit(point, found):
                    continue
                element = self._element(_told_apart(colours, point), _told_apart(colours, image))
                if element is None:
                    closed |= _orbit(image, found)
                else:
                    found.append(element)
        return found

    def _element(self, source: IntArray, target: IntArray) -> IntArray | None:
        """A permutation that takes one colouring to the other and passes, or None."""
        if self._left <= 0:
            return None
        self._left -= 1
        refined = self._refined(source, target)
        if refined is None:
            return None
        source, target = refined
        alone = np.bincount(source) == 1
        points = np.flatnonzero(alone[source])
        where = np.argsort(target, kind="stable")  # the point of every colour that has but one
        images = where[np.searchsorted(target[where], source[points])]
        if not self._plausible(points, images):
            return None
        cell = _smallest_cell(source)
        if cell is None:
            return images if self._accepts(images) else None
        point, choices = int(cell[0]), np.flatnonzero(target == source[cell[0]])
        for image in sorted(map(int, choices), key=lambda each: each != point):  # what may stay stays
            element = self._element(_told_apart(source, point), _told_apart(target, image))
            if element is not None:
                return element
        return None

    def _refined(self, one: IntArray, other: IntArray) -> tuple[IntArray, IntArray] | None:
        """Both colourings made finer until points of one colour see the same; None where the two come to differ."""
        both, count = np.stack([one, other]), 0
        while True:
            seen = np.stack([self._seen(colours) for colours in both])
            unique, numbers = np.unique(seen, return_inverse=True)
            both = numbers.reshape(both.shape)
            if (np.bincount(both[0], minlength=len(unique)) != np.bincount(both[1], minlength=len(unique))).any():
                return None
            if len(unique) == count:
                return both[0], both[1]
            count = len(unique)

    def _seen(self, colours: IntArray) -> NDArray[np.uint64]:
        """(points,) a hash of a point's colour and of the labels and colours of all others, in no order."""
        count = np.uint64(int(colours.max()) + 1)
        hue = colours.astype(np.uint64)
        ahead = _mixed(self._labels.astype(np.uint64) * count + hue[None, :])
        behind = _mixed(_mixed(self._labels.T.astype(np.uint64) * count + hue[None, :]))
        with np.errstate(over="ignore"):
            return _mixed(hue + np.uint64(1)) + _mixed(ahead.sum(axis=1)) + behind.sum(axis=1) * np.uint64(3)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): whole numbers made to look random."""
    with np.errstate(over="ignore"):
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))


def _told_apart(colours: IntArray, point: int) -> IntArray:
    """A colouring in which a point and its antipode have colours of their own."""
    changed = colours.copy()
    changed[point], changed[point ^ 1] = colours.max() + 1, colours.max() + 2
    return changed


def _smallest_cell(colours: IntArray) -> IntArray | None:
    """The points of the rarest colour that several have; None where all differ."""
    sizes = np.bincount(colours)
    several = np.flatnonzero(sizes > 1)
    if not len(several):
        return None
    return np.flatnonzero(colours == several[np.argmin(sizes[several])])


def _orbit(point: int, generators: list[IntArray]) -> set[int]:
    orbit, reached = {point}, [point]
    for each in reached:  # grows as it goes
        for generator in generators:
            image = int(generator[each])
            if image not in orbit:
                orbit.add(image)
                reached.append(image)
    return orbit
