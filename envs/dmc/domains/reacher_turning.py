"""Two-link reacher with its shoulder's angle as (cos, sin): mirrors and quarter turns of the plane.

The suite observes the raw angle, which a rotation of arm and target shifts: no linear map. Its cosine and sine turn
like every other vector of the plane. Any angle of rotation would do; quarter turns keep all maps signed permutations.
"""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry, chain

# observation: (cos, sin) of the shoulder, wrist angle, (x, y) from finger to target, both angular velocities
# state: (cos, sin) of the shoulder, wrist angle, both angular velocities, target (x, y, z)
QUARTER, MIRROR = ([1, 0], [-1, 1]), ([0, 1], [1, -1])

SQUARE = Symmetry.generated(
    observation=[chain(QUARTER, [1], QUARTER, [1, 1]), chain(MIRROR, [-1], MIRROR, [-1, -1])],
    action=[[1, 1], [-1, -1]],
    state=[chain(QUARTER, [1], [1, 1], QUARTER, [1]), chain(MIRROR, [-1], [-1, -1], MIRROR, [1])],
)

DOMAIN = Domain(
    "reacher_turning",
    {"easy": SQUARE, "hard": SQUARE},
    about="square: quarter turns and mirrors; the shoulder's angle is seen as cos and sin",
    target="target",
    suite="reacher",
    hinge=0,
    plane=[[[0, -1], [1, 0]], [[1, 0], [0, -1]]],
    vectors=dict.fromkeys(("easy", "hard"), ((0, 1), (3, 4))),
)
