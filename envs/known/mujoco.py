"""Gymnasium's MuJoCo tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Each, Hinges, Pseudovectors, Quaternions, Symmetry, Vectors, chain, from_parts, mirror
from nearsym.envs.wrappers import MujocoState

from .task import Task


class ReacherState(MujocoState):
    """Reacher's state with the shoulder's angle as (cos, sin), which a rotation of the plane moves linearly."""

    def get_state(self) -> NDArray[np.float64]:
        """(9,) cos, sin, wrist angle, target (x, y), then their velocities."""
        angle, *others = super().get_state()
        return np.array([np.cos(angle), np.sin(angle), *others])

    def set_state(self, state: NDArray[np.float64]) -> NDArray[Any]:
        """Put the simulator into such a state; returns the observation there.

        Raises:
            InputError: wrong size, or not finite.
        """
        if state.shape != (9,):
            raise InputError(f"expected a state of shape (9,), got shape {state.shape}: {state}")
        return super().set_state(np.array([np.arctan2(state[1], state[0]), *state[2:]]))


# Reacher: quarter turns of arm and target together, and the mirror y -> -y; other angles would do as well
# observation: cosines of shoulder and wrist, sines of both, target (x, y), both angular velocities, (x, y) from target
# to finger; state: see ReacherState
QUARTER, MIRROR = ([1, 0], [-1, 1]), ([0, 1], [1, -1])
ANGLES_TURNED, ANGLES_MIRRORED = ([2, 1, 0, 3], [-1, 1, 1, 1]), [1, 1, -1, -1]
REACHER = Symmetry.generated(
    observation=[
        chain(ANGLES_TURNED, QUARTER, [1, 1], QUARTER),
        chain(ANGLES_MIRRORED, MIRROR, [-1, -1], MIRROR),
    ],
    action=[[1, 1], [-1, -1]],
    state=[
        chain(QUARTER, [1], QUARTER, [1, 1], QUARTER),
        chain(MIRROR, [-1], MIRROR, [-1, -1], MIRROR),
    ],
)

# Humanoid: the body faces +x and the mirror is y -> -y. A joint whose mirrored axis is the other side's own keeps its
# sign. joints: abdomen z, y, x; right hip x, z, y, knee; left leg; right shoulder 1, 2, elbow; left arm
HUMANOID_JOINTS = (
    [0, 1, 2, 7, 8, 9, 10, 3, 4, 5, 6, 14, 15, 16, 11, 12, 13],
    [-1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, 1, -1, -1, 1],
)
HUMANOID_ACTION = (HUMANOID_JOINTS[0], [1, *[-1] * 2, *HUMANOID_JOINTS[1][3:]])  # actuators begin with abdomen y, z, x
HUMANOID_VELOCITY = chain([1, -1, 1], [-1, 1, -1], HUMANOID_JOINTS)
QUATERNION = [1, -1, 1, -1]
# torso, waist, pelvis; right thigh, shin, foot; left leg; right upper and lower arm; left arm
HUMANOID_BODIES = [0, 1, 2, 6, 7, 8, 3, 4, 5, 11, 12, 9, 10]
# inertia xx, yy, zz, xy, xz, yz; mass times offset x, y, z; mass
INERTIA = [1, 1, 1, -1, 1, -1, 1, -1, 1, 1]
SPATIAL = [-1, 1, -1, 1, -1, 1]  # of rotation or torque, then of velocity or force


def _exchange(bodies: list[int], signs: list[int]) -> tuple[list[int], list[int]]:
    """The same signed numbers of every body, with the bodies exchanged."""
    size = len(signs)
    return [size * body + i for body in bodies for i in range(size)], signs * len(bodies)


# Ant: the body goes along +x, so y -> -y keeps the reward; quarter turns of the body do not. The legs stand at (+, +),
# (-, +), (-, -), (+, -); the actuators begin with the fourth one.
ANKLES = {"1": (-1, 1, 0), "2": (1, 1, 0), "3": (-1, 1, 0), "4": (1, 1, 0)}


def _legs(order: str) -> Hinges:
    """Hip and ankle of every leg."""
    return Hinges({f"{joint} {leg}": axis for leg in order for joint, axis in (("hip", "z"), ("ankle", ANKLES[leg]))})


ANT_MOVING = [Vectors("velocity"), Pseudovectors("angular velocity"), _legs("1234")]
ANT_BODIES = ["torso", *(f"{part} {leg}" for leg in "1234" for part in ("leg", "aux", "foot"))]
ANT = from_parts(
    mirror("y", ("1", "4"), ("2", "3")),
    observation=[
        Vectors("height", axes="z"),
        Quaternions("torso"),
        _legs("1234"),
        *ANT_MOVING,
        Each(ANT_BODIES, Pseudovectors, Vectors),  # torque and force of contact
    ],
    action=[_legs("4123")],
    state=[Vectors("place"), Quaternions("torso"), _legs("1234"), *ANT_MOVING],
)

# Walker2d moves in the plane of x and z, and its legs lie in one place: the mirror y -> -y exchanges them, no more.
# observation: positions without x, velocities
WALKER_LEGS = Hinges({f"{side} {joint}": "y" for side in ("right", "left") for joint in ("thigh", "leg", "foot")})
WALKER_MOVING = [Vectors("torso", axes="xz"), Hinges({"pitch": "y"}), WALKER_LEGS]
WALKER = from_parts(
    mirror("y", ("right", "left")),
    observation=[Vectors("height", axes="z"), Hinges({"pitch": "y"}), WALKER_LEGS, *WALKER_MOVING],
    action=[WALKER_LEGS],
    state=[*WALKER_MOVING, *WALKER_MOVING],
)

TASKS = {
    # cart x and pole angle, their velocities
    "InvertedPendulum-v5": Task(
        Symmetry.reflection(observation=[-1] * 4, action=[-1], state=[-1] * 4),
        "mirror: left and right; the model's pole leans by a millimetre",
        MujocoState,
        exact=False,
    ),
    # cart x, sines of both angles, cosines, three velocities, constraint force on the cart
    "InvertedDoublePendulum-v5": Task(
        Symmetry.reflection(observation=[-1, -1, -1, 1, 1, -1, -1, -1, -1], action=[-1], state=[-1] * 6),
        "mirror: left and right; the model's gravity leans by 1e-5 m/s²",
        MujocoState,
        exact=False,
    ),
    "Reacher-v5": Task(REACHER, "square: quarter turns of arm and target, mirrors", ReacherState),
    # heading and two joints, velocities of x, y, heading and joints; it is paid for going along +x
    "Swimmer-v5": Task(
        Symmetry.reflection(
            observation=[-1, -1, -1, 1, -1, -1, -1, -1], action=[-1, -1], state=[1, -1, -1, -1, -1] * 2
        ),
        "mirror: y to -y",
        MujocoState,
    ),
    "Ant-v5": Task(ANT, "mirror: y to -y, exchanging the legs", MujocoState),
    "Walker2d-v5": Task(WALKER, "exchange: left and right leg", MujocoState),
    # height, quaternion and joints; velocities; inertias, velocities of bodies, actuator forces, contact forces
    "Humanoid-v5": Task(
        Symmetry.reflection(
            observation=chain(
                [1],
                QUATERNION,
                HUMANOID_JOINTS,
                HUMANOID_VELOCITY,
                _exchange(HUMANOID_BODIES, INERTIA),
                _exchange(HUMANOID_BODIES, SPATIAL),
                HUMANOID_JOINTS,
                _exchange(HUMANOID_BODIES, SPATIAL),
            ),
            action=HUMANOID_ACTION,
            state=chain([1, -1, 1], QUATERNION, HUMANOID_JOINTS, HUMANOID_VELOCITY),
        ),
        "mirror: y to -y, exchanging arms and legs; the model's left knee has a spring, its right one none",
        MujocoState,
        exact=False,
    ),
}
