"""Which elements of a permutation group leave one set where it is and move another, from the generators alone."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import numpy as np

from .permutations import IntArray, OrbitAction, side_by_side

CERTAIN = 30
"""Random elements in a row that must be products of known ones; each would show a gap with a chance of at least 1/2."""


def kernel_moves(fixed: tuple[OrbitAction, ...], moved: tuple[OrbitAction, ...]) -> bool:
    """Whether a product of the generators leaves every point of `fixed` where it is and moves one of `moved`.

    With N the kernel of the action on `fixed`, this asks whether N acts on `moved`. The chain of stabilisers of the
    points of `fixed`, G ≥ G_b1 ≥ G_b1b2 ≥ … ≥ N, is built by the random Schreier-Sims algorithm: every random element
    is divided by known elements of each link, and what is left of it enlarges the first link that lacks it. A
    remainder that leaves all of `fixed` in place lies in N. So True is certain, and False wrong with a chance of about
    2⁻³⁰.

    Source: Holt, Eick, O'Brien, *Handbook of Computational Group Theory*, chapter 4.

    Args:
        fixed: what each generator does to the points of each orbit, as of `distinct_orbits`.
        moved: the same of other points, by the same generators in the same order.
    """
    known = set(fixed)
    extra = tuple(orbit for orbit in moved if len(orbit[0]) > 1 and orbit not in known)
    if not extra:
        return False
    generators = side_by_side(fixed + extra)
    count = sum(len(orbit[0]) for orbit in fixed)
    identity = np.arange(generators.shape[1])
    chain: list[_Link] = []
    elements = _elements(generators)
    trivial = 0
    while trivial < CERTAIN + len(generators):
        lacking, rest = _divide(chain, next(elements))
        if lacking is None:
            first = int((rest != identity).argmax())
            if rest[first] == first:  # nothing is left
                trivial += 1
                continue
            if first >= count:
                return True
            lacking = _Link(first, identity)
            chain.append(lacking)
        lacking.add(rest)
        trivial = 0
    return False


class _Link:
    """The orbit of one point under the stabiliser of those before it, with an element that leads to each of its points.

    Attributes:
        point: the point b.
        back: for each point p of the orbit the inverse of an element that takes b to p.
    """

    def __init__(self, point: int, identity: IntArray) -> None:
        self.point = point
        self.back = {point: identity}
        self._generators: list[tuple[IntArray, IntArray]] = []

    def add(self, element: IntArray) -> None:
        """Let one more element generate the stabiliser, and follow the orbit as far as it now goes."""
        self._generators.append((element, np.argsort(element)))
        reached = list(self.back)
        old = len(reached)
        for k, point in enumerate(reached):  # grows as it goes
            for generator, inverse in self._generators[-1:] if k < old else self._generators:
                image = int(generator[point])
                if image not in self.back:
                    self.back[image] = self.back[point][inverse]
                    reached.append(image)


def _divide(chain: list[_Link], element: IntArray) -> tuple[_Link | None, IntArray]:
    """The first link in whose orbit the element leads nowhere known, or None, and what is left of the element there."""
    for link in chain:
        back = link.back.get(int(element[link.point]))
        if back is None:
            return link, element
        element = back[element]
    return None, element


def _elements(generators: IntArray) -> Iterator[IntArray]:
    """The generators, then random elements by product replacement with an accumulator."""
    yield from generators
    draw = random.Random(0)
    slots = [generators[k % len(generators)] for k in range(max(10, len(generators) + 1))]
    product = slots[0]
    for step in itertools.count():
        i, j = draw.sample(range(len(slots)), 2)
        slots[i] = slots[i][slots[j]] if draw.random() < 0.5 else slots[j][slots[i]]
        product = product[slots[i]]
        if step > 50 + 20 * len(slots):
            yield product
