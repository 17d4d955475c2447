"""Symmetries of gymnasium's own environments."""

from __future__ import annotations

from nearsym.envs.symmetry import Symmetry

# Pendulum-v1 observes cos θ, sin θ and the angular velocity, and pays for θ², velocity² and torque²
SYMMETRIES = {"Pendulum-v1": Symmetry.reflection(observation=[1, -1, -1], action=[-1], state=[-1, -1])}

ABOUT = {"Pendulum-v1": "mirror: swinging left and right"}
