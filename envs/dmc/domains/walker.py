"""Planar walker: its two legs are alike and may be exchanged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry

# observation: (xx, xz) of torso, right thigh, leg and foot, left thigh, leg and foot; torso height; then the velocities
# of root z, x and pitch, right hip, knee and ankle, left hip, knee and ankle
# state: those nine positions and velocities; actions: right hip, knee and ankle, left hip, knee and ankle
LEGS = np.array([3, 4, 5, 0, 1, 2])


def _after(fixed: int, legs: NDArray[np.intp]) -> list[int]:
    """`fixed` coordinates stay, those of the legs behind them are exchanged."""
    return [*range(fixed), *(fixed + legs).tolist()]


ORIENTATIONS = _after(2, np.array([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5]))
JOINTS = _after(3, LEGS)
SWAP = Symmetry.reflection(
    observation=[*ORIENTATIONS, 14, *(15 + np.array(JOINTS)).tolist()],
    action=LEGS,
    state=[*JOINTS, *(9 + np.array(JOINTS)).tolist()],
)

DOMAIN = Domain("walker", dict.fromkeys(("stand", "walk", "run"), SWAP), about="exchange: left and right leg")
