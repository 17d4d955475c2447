"""Pendulum: a mirror through the vertical plane."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry

# observation: cos θ, sin θ, angular velocity; state: θ, angular velocity
DOMAIN = Domain(
    "pendulum",
    {"swingup": Symmetry.reflection(observation=[1, -1, -1], action=[-1], state=[-1, -1])},
    about="mirror: swinging left and right",
    vectors={"swingup": ((1, 0),)},
    plane=[[[-1, 0], [0, 1]]],
)
