"""From elements that were found to a declared symmetry."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Representation, Symmetry

from .elements import Element
from .simulator import FloatArray

SAME = 1e-6
"""Matrices that differ by less are the same."""


def closed(elements: Iterable[Element], keys: tuple[str, ...] = ()) -> tuple[Symmetry | None, list[Element]]:
    """The group that elements generate, and those that were needed; None where none moves anything.

    Elements that add nothing to those before them are left out, and so are those that do not close with them: that
    would make the group infinite, or turn actions round where nothing observed moves.

    Args:
        elements: with their observations.
        keys: of a Dict observation, in the order in which it is flattened.
    """
    kept: list[Element] = []
    symmetry: Symmetry | None = None
    for element in sorted(elements, key=order, reverse=True):  # turns first, so that elements are called r^k s
        if not element.moves or holds(symmetry, element):
            continue
        try:
            symmetry = _declared([*kept, element], keys)
        except SymmetryError:
            continue
        kept.append(element)
    simpler = _simplified(symmetry)
    if len(simpler) and len(simpler) < len(kept):
        kept = simpler
        symmetry = _declared(kept, keys)
    return symmetry, kept


def _declared(elements: list[Element], keys: tuple[str, ...] = ()) -> Symmetry:
    """The symmetry that elements generate.

    Raises:
        SymmetryError: they do not close to one.
    """
    observation = [element.observation for element in elements]
    named = {keys if len(keys) > 1 else keys[0]: observation} if keys else observation
    return Symmetry.generated(
        named,
        [element.action for element in elements],
        [element.state for element in elements],
    )


def without_idle(elements: list[Element], passes: Callable[[Element], bool]) -> list[Element]:
    """Elements that leave alone whatever elements move that move nothing observed and no action.

    Those say that some coordinates of the state do not matter; mixed into others they would only make the group larger.

    Args:
        elements: with their observations.
        passes: whether an element holds in the simulator.
    """
    idle = np.zeros(len(elements[0].state) if elements else 0, dtype=bool)
    for element in elements:
        if not element.moves:
            idle |= np.abs(element.state - np.eye(len(idle))).max(axis=1) > SAME
    found = []
    for element in elements:
        if not element.moves:
            continue
        calm = element.state.copy()
        calm[idle], calm[:, idle] = 0, 0
        calm[idle, idle] = 1
        candidate = Element(calm, element.action, element.observation, element.residual)
        orthogonal = np.abs(calm @ calm.T - np.eye(len(calm))).max(initial=0) < SAME
        found.append(candidate if idle.any() and orthogonal and passes(candidate) else element)
    return found


def _simplified(symmetry: Symmetry | None) -> list[Element]:
    """A turn of highest order and what generates the group with it, an involution if any does; empty if two are few."""
    if symmetry is None or not symmetry.group.listed or symmetry.state is None:
        return []
    table = symmetry.group.cayley_table
    orders = [_cycle(table, g) for g in range(len(table))]
    turn = max(range(len(table)), key=lambda g: (orders[g], -g))
    for other in sorted(range(len(table)), key=lambda g: (orders[g], g)):
        reached = {0}
        while len(larger := reached | {int(table[g, h]) for g in reached for h in (turn, other)}) > len(reached):
            reached = larger
        if len(reached) == len(table):
            parts = (symmetry.state, symmetry.action, symmetry.observation.rep)
            chosen = [turn] if other == 0 else [turn, other]
            return [Element(*_matrices(parts, g)) for g in chosen]
    return []


def _matrices(parts: tuple[Representation, ...], element: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    state, action, observation = (part.apply(element, np.eye(part.dim)).T for part in parts)
    return state, action, observation


def _cycle(table: NDArray[np.intp], element: int) -> int:
    power, order = element, 1
    while power:
        power, order = int(table[power, element]), order + 1
    return order


def holds(symmetry: Symmetry | None, element: Element) -> bool:
    """Whether a group has an element that does the same to observation and action."""
    if symmetry is None or not symmetry.group.listed:
        return False
    seen, acted = symmetry.observation.rep, symmetry.action
    observation: FloatArray | None = element.observation
    assert observation is not None  # elements are closed with their observations
    for g in range(symmetry.group.rows):
        same = np.abs(acted.apply(g, np.eye(acted.dim)).T - element.action).max(initial=0) < SAME
        if same and np.abs(seen.apply(g, np.eye(seen.dim)).T - observation).max(initial=0) < SAME:
            return True
    return False


def order(element: Element) -> int:
    """How often it is repeated until nothing observed and no action is moved; 0 where that takes more than 8 times."""
    parts = [part for part in (element.observation, element.action) if part is not None]
    powers = list(parts)
    for order in range(1, 9):
        if all(np.abs(power - np.eye(len(power))).max(initial=0) < SAME for power in powers):
            return order
        powers = [power @ part for power, part in zip(powers, parts, strict=True)]
    return 0
