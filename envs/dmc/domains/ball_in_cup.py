"""Ball in cup: a mirror through the vertical plane."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry

# observation and state: cup x, cup z, ball x, ball z, then their velocities; actions push the cup along x and z
MIRROR = Symmetry.reflection(observation=[-1, 1] * 4, action=[-1, 1], state=[-1, 1] * 4)

DOMAIN = Domain(
    "ball_in_cup",
    {"catch": MIRROR},
    about="mirror: left and right of the cup",
    vectors={"catch": ((0, 1), (2, 3), (4, 5), (6, 7))},
    plane=[[[-1, 0], [0, 1]]],
)
