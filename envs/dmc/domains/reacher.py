"""Two-link reacher: a mirror of the plane."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry

# observation: shoulder and wrist angle, (x, y) from finger to target, both angular velocities
# state: both angles, both angular velocities, target (x, y, z)
# At angle 0 the arm lies along +x, so the mirror y -> -y negates angles. It is only one mirror of a larger
# symmetry, see reacher_turning.py: turning arm and target together is no linear map of the raw shoulder angle.
MIRROR = Symmetry.reflection(observation=[-1, -1, 1, -1, -1, -1], action=[-1, -1], state=[-1, -1, -1, -1, 1, -1, 1])

DOMAIN = Domain(
    "reacher",
    {"easy": MIRROR, "hard": MIRROR},
    about="mirror: y to -y",
    target="target",
    plane=[[[1, 0], [0, -1]]],
    vectors=dict.fromkeys(("easy", "hard"), ((2, 3),)),
)
