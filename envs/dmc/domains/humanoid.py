"""Humanoid: a mirror through the sagittal plane, which the model keeps but for one joint limit."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry, chain

# The body faces +x, so the mirror is y -> -y. A joint whose mirrored axis is the other side's own axis keeps its sign;
# the left hip and elbow axes are already turned round in the model.
# joints: abdomen z, y, x; right hip x, z, y, knee, ankle y, x; left leg; right shoulder 1, 2, elbow; left arm
JOINTS = (
    [0, 1, 2, 9, 10, 11, 12, 13, 14, 3, 4, 5, 6, 7, 8, 18, 19, 20, 15, 16, 17],
    [-1, 1, -1, 1, 1, 1, 1, 1, -1, 1, 1, 1, 1, 1, -1, -1, -1, 1, -1, -1, 1],
)
# actuators: abdomen y, z, x; right hip x, z, y, knee, ankle x, y; the left leg's; the arms as above
ACTION = (JOINTS[0], [1, -1, -1, 1, 1, 1, 1, -1, 1, 1, 1, 1, 1, -1, 1, -1, -1, 1, -1, -1, 1])
POSITION, QUATERNION, ROTATION = [1, -1, 1], [1, -1, 1, -1], [-1, 1, -1]
# left hand, left foot, right hand, right foot in the torso's frame
EXTREMITIES = ([6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5], [1, -1, 1] * 4)
VELOCITY = chain(POSITION, ROTATION, JOINTS)

# observation: joint angles, head height, extremities, the vertical in the torso's frame, centre-of-mass velocity,
# velocities; state: root position and quaternion, joints, velocities
SAGITTAL = Symmetry.reflection(
    observation=chain(JOINTS, [1], EXTREMITIES, POSITION, POSITION, VELOCITY),
    action=ACTION,
    state=chain(POSITION, QUATERNION, JOINTS, VELOCITY),
)

DOMAIN = Domain(
    "humanoid",
    dict.fromkeys(("stand", "walk", "run"), SAGITTAL),
    about="mirror: left and right; the model's hips bend to -110 and -120 degrees",
    exact=False,
)
