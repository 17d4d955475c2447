"""Fish: a mirror through the plane that divides it into left and right."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry, chain

# joints: tail1 and tail2 about z, tail_twist about y, then roll (about y) and pitch (about x) of right and left fin;
# the mirror x -> -x reverses rotations about y and z, keeps those about x, and exchanges the fins
JOINTS = ([0, 1, 2, 5, 6, 3, 4], [-1, -1, -1, -1, 1, -1, 1])
POSITION, QUATERNION, ROTATION = [-1, 1, 1], [1, 1, -1, -1], [1, -1, -1]

VELOCITY = chain(POSITION, ROTATION, JOINTS)
# observation: joint angles, uprightness, for `swim` the target in the mouth's frame, velocities
UPRIGHT, SWIM = chain(JOINTS, [1], VELOCITY), chain(JOINTS, [1], [-1, 1, 1], VELOCITY)
STATE = chain(POSITION, QUATERNION, JOINTS, VELOCITY, POSITION)
# actions: tail, tail twist, both fins' flap, left pitch, right pitch
ACTION = ([0, 1, 2, 4, 3], [-1, -1, 1, 1, 1])

DOMAIN = Domain(
    "fish",
    {
        "upright": Symmetry.reflection(observation=UPRIGHT, action=ACTION, state=STATE),
        "swim": Symmetry.reflection(observation=SWIM, action=ACTION, state=STATE),
    },
    about="mirror: left and right side",
    target="target",
)
