"""Point mass: the symmetries of the square it moves in."""

from __future__ import annotations

import numpy as np

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry

# observation and state: x, y, then their velocities; the actions of `easy` push along x and y
QUARTER = np.array([[0, -1], [1, 0]])
MIRROR = np.array([[1, 0], [0, -1]])
GENERATORS = [np.kron(np.eye(2), turn) for turn in (QUARTER, MIRROR)]

SQUARE = Symmetry.generated(observation=GENERATORS, action=[QUARTER, MIRROR], state=GENERATORS)

DOMAIN = Domain(
    "point_mass",
    {"easy": SQUARE},
    about="square: quarter turns and mirrors",
    plane=[QUARTER.tolist(), MIRROR.tolist()],
    vectors={"easy": ((0, 1), (2, 3))},
)
