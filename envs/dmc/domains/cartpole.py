"""Cart-pole: a mirror through the vertical plane across the track."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry

# observation: cart x, then (cos θ, sin θ) of every pole; cart velocity, then every pole's angular velocity
# state: cart x and every pole's angle, then their velocities


def _mirror(poles: int) -> Symmetry:
    return Symmetry.reflection(
        observation=[-1, *([1, -1] * poles), *([-1] * (1 + poles))],
        action=[-1],
        state=[-1] * (2 * (1 + poles)),
    )


ONE_POLE = ("balance", "balance_sparse", "swingup", "swingup_sparse")

DOMAIN = Domain(
    "cartpole",
    {**dict.fromkeys(ONE_POLE, _mirror(1)), "two_poles": _mirror(2)},
    about="mirror: left and right along the track",
    vectors={**dict.fromkeys(ONE_POLE, ((2, 1),)), "two_poles": ((2, 1), (4, 3))},
    plane=[[[-1, 0], [0, 1]]],
)
