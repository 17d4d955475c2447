"""Whether the parts of a declared symmetry fit together."""

from __future__ import annotations

import numpy as np

from nearsym.envs.errors import SymmetryError

from .orbits import cover_orbits
from .representation import FloatArray, Representation
from .stabilisers import kernel_moves

SMALL = 1e-9
"""Matrix entries below this are rounding."""


def check_represents(part: str, rep: Representation) -> None:
    """Products of generators that are the identity of an unlisted group must be the identity here.

    A `Representation` of a listed group has been checked against its table, one of an unlisted group only for the
    orders of its generators.

    Raises:
        SymmetryError: they are not.
    """
    if not rep.group.listed and kernel_moves(rep.group.action, tuple(cover_orbits(rep))):
        raise SymmetryError(
            f"{part} is no representation of {rep.group!r}: it is moved by a product of generators that is the "
            "identity of the group; build the group from everything that its generators move"
        )


def check_closes(observation: Representation, action: Representation) -> None:
    """An element that leaves every observation where it is must leave the action where it is.

    Raises:
        SymmetryError: it does not.
    """
    group = observation.group
    if group.listed:
        moved = _displacement(action)
        wrong = np.flatnonzero((_displacement(observation) < SMALL) & (moved > SMALL))
        if not len(wrong):
            return
        which, far = f"element {group.names[wrong[0]]}", f" (by {moved[wrong[0]]:.2g})"
    elif kernel_moves(tuple(cover_orbits(observation)), tuple(cover_orbits(action))):
        which, far = "a product of generators", ""
    else:
        return
    raise SymmetryError(
        f"generators do not close consistently: {which} leaves every observation where it is but moves the "
        f"action{far}, so no policy could follow it; check the order of each generator, or build Symmetry(group, …) "
        "directly if the actuators really are interchangeable"
    )


def check_acts(observation: Representation, action: Representation) -> None:
    """No element that leaves every observation where it is may turn an action round: only the action 0 would obey.

    Actuators that such elements exchange are fine: they do alike.

    Raises:
        SymmetryError: one does.
    """
    if observation.group.listed:
        still = np.flatnonzero(_displacement(observation) < SMALL)
        if len(still) < 2:
            return
        left = np.mean([action.apply(int(g), np.eye(action.dim)) for g in still], axis=0)
        if (np.abs(np.diagonal(left)) > SMALL).all():
            return
    else:
        seen = tuple(cover_orbits(observation))
        if not kernel_moves(seen, tuple(cover_orbits(action))):
            return
        if kernel_moves(seen, tuple(cover_orbits(action.permutation()))):  # it exchanges actuators
            return
    raise SymmetryError(
        "an element leaves every observation where it is and turns the action round, so the only action there could be "
        "is 0; give the observation a coordinate that the element moves, or leave it out"
    )


def _displacement(rep: Representation) -> FloatArray:
    """(rows,) largest entry of |ρ(g) - 1|, without dense matrices for signed permutations."""
    if rep.is_signed_permutation:
        index, sign = rep.arrays
        # 2 where a sign flips in place, 1 where a coordinate comes from elsewhere
        fixed = index == np.arange(rep.dim)
        return np.where(fixed, np.where(sign < 0, 2.0, 0.0), 1.0).max(axis=1, initial=0)
    return np.abs(rep.matrix - np.eye(rep.dim)).max(axis=(1, 2), initial=0)
