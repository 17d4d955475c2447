"""Acrobot: a mirror through the vertical plane."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry

# observation: horizontal components of both arms, vertical components of both, both angular velocities
# state: both angles, both angular velocities
MIRROR = Symmetry.reflection(observation=[-1, -1, 1, 1, -1, -1], action=[-1], state=[-1] * 4)

TASKS = {"swingup": MIRROR, "swingup_sparse": MIRROR}
DOMAIN = Domain(
    "acrobot",
    TASKS,
    about="mirror: swinging left and right",
    vectors=dict.fromkeys(TASKS, ((0, 2), (1, 3))),
    plane=[[[-1, 0], [0, 1]]],
)
