"""Planar walker: its two legs are alike and may be exchanged."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Hinges, Vectors, from_parts, mirror

# The walker moves in the plane of x and z, so the mirror y -> -y leaves all but the names of its legs.
RODS = [f"{side} {rod}" for side in ("right", "left") for rod in ("thigh", "leg", "foot")]
LEGS = Hinges({f"{side} {joint}": "y" for side in ("right", "left") for joint in ("hip", "knee", "ankle")})
JOINTS = [Vectors("root", axes="zx"), Hinges({"pitch": "y"}), LEGS]

# observation: (xx, xz) of every rod, torso height, velocities; state: positions, velocities
SWAP = from_parts(
    mirror("y", ("left", "right")),
    observation=[Vectors("torso", *RODS, axes="xz"), Vectors("height", axes="z"), *JOINTS],
    action=[LEGS],
    state=[*JOINTS, *JOINTS],
)

DOMAIN = Domain("walker", dict.fromkeys(("stand", "walk", "run"), SWAP), about="exchange: left and right leg")
