"""Declarations by parts are the matrices that were once written out by hand."""

import numpy as np
import pytest

from nearsym.envs import make
from nearsym.envs.symmetry import Symmetry, chain

SPATIAL = [-1, 1, -1, 1, -1, 1]  # torque, then force, under y -> -y
QUATERNION = [1, -1, 1, -1]
LEGS = ([6, 7, 4, 5, 2, 3, 0, 1], [-1, 1] * 4)  # hip and ankle of the legs 1, 2, 3, 4
VELOCITY = chain([1, -1, 1], [-1, 1, -1], LEGS)
BODIES = [0, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3]
FORCES = ([6 * body + i for body in BODIES for i in range(6)], SPATIAL * len(BODIES))
ANT = Symmetry.reflection(
    observation=chain([1], QUATERNION, LEGS, VELOCITY, FORCES),
    action=([2, 3, 0, 1, 6, 7, 4, 5], [-1, 1] * 4),  # the actuators begin with the fourth leg
    state=chain([1, -1, 1], QUATERNION, LEGS, VELOCITY),
)
SWAP = [3, 4, 5, 0, 1, 2]
STATE = [0, 1, 2, *(3 + i for i in SWAP)]
WALKER = Symmetry.reflection(
    observation=[0, 1, *(2 + i for i in SWAP), *(8 + i for i in STATE)],
    action=SWAP,
    state=[*STATE, *(9 + i for i in STATE)],
)


def same(one, other):
    """Whether two declarations move everything alike."""
    pairs = [(one.observation.rep, other.observation.rep), (one.action, other.action), (one.state, other.state)]
    return all(a.dim == b.dim and np.array_equal(a.matrix, b.matrix) for a, b in pairs)


@pytest.mark.parametrize(("id", "by_hand"), [("Ant-v5", ANT), ("Walker2d-v5", WALKER)])
def test_parts_are_what_was_written_by_hand(id, by_hand):
    declared = make(id).get_wrapper_attr("symmetry")
    assert same(declared, by_hand)
    assert not same(declared, ANT if id == "Walker2d-v5" else WALKER)  # the comparison can fail
