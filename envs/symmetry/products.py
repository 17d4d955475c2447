"""More elements of a group that is known by its generators alone: products of these."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from .group import Group
from .observation import Vector
from .permutations import IntArray
from .representation import Representation
from .symmetry import Symmetry

Element = tuple[IntArray, IntArray]
"""(dim,) source and sign of each coordinate."""


def with_products(symmetry: Symmetry, most: int) -> Symmetry:
    """The same symmetry of vectors, with shortest products of generators and their inverses beside the generators.

    What every generator breaks may have a large subgroup that holds, of which no generator is an element: of five
    rooms the first is draughty, and both the exchange of the first two and the shift of all move it. A product such as
    ``b a b⁻¹`` leaves it where it is. A listed group, whose elements are all known, and an image stay as they are.

    Args:
        symmetry: declared.
        most: elements in all, generators included.
    """
    if symmetry.group.listed or not isinstance(symmetry.observation, Vector):
        return symmetry
    parts = [symmetry.observation.rep, symmetry.action, *([] if symmetry.state is None else [symmetry.state])]
    index, sign = parts[0].direct_sum(*parts[1:]).arrays
    found = _words(dict(zip(symmetry.group.names, zip(index, sign, strict=True), strict=True)), most)
    sources, signs = (np.array([element[k] for element in found.values()]) for k in (0, 1))
    group = Group.generated(symmetry.group.name, tuple(found), sources, signs)
    ends = np.cumsum([0, *(part.dim for part in parts)])
    whole = Representation.signed_permutation(group, sources, signs)
    reps = [whole.restricted(int(start), int(stop)) for start, stop in pairwise(ends)]
    state = None if symmetry.state is None else reps[2]
    return replace(symmetry, group=group, observation=Vector(reps[0]), action=reps[1], state=state)


def _words(generators: dict[str, Element], most: int) -> dict[str, Element]:
    """Different elements by their name, shortest products first; the identity is none of them."""
    letters = {}
    for name, element in generators.items():
        letters[name], letters[f"{name}⁻¹"] = element, _inverse(element)
    size = len(next(iter(generators.values()))[0])
    identity = np.arange(size), np.ones(size, dtype=np.intp)
    found, known, longest = dict(generators), {_key(identity), *map(_key, generators.values())}, {"": identity}
    while longest and len(found) < most:
        products = {
            f"{word} {letter}".strip(): _product(element, last)
            for word, element in longest.items()
            for letter, last in letters.items()
        }
        for name, element in products.items():
            if _key(element) not in known and len(found) < most:
                known.add(_key(element))
                found[name] = element
        longest = {name: element for name, element in products.items() if name in found}
    return found


def _product(first: Element, second: Element) -> Element:
    """ρ(g) ρ(h): (ρ(g) x)_i = sign_i x_{index_i} of what the second gives."""
    return second[0][first[0]], first[1] * second[1][first[0]]


def _inverse(element: Element) -> Element:
    index, sign = element
    back = np.argsort(index)
    return back, sign[back]


def _key(element: Element) -> bytes:
    index, sign = element
    return (index * sign.astype(index.dtype) + np.where(sign < 0, -1, 0)).tobytes()
