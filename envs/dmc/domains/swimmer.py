"""Swimmers: a mirror along the body."""

from __future__ import annotations

from nearsym.envs.dmc.domain import Domain
from nearsym.envs.symmetry import Symmetry

# observation: joint angles; (x, y) from nose to target in the head's frame, whose y axis points backwards along the
# body; then (vx, vy, ωz) of every link in its own frame
# state: root x, y and heading, joint angles; their velocities; target (x, y, z)


def _mirror(links: int) -> Symmetry:
    joints = links - 1
    position = [-1, 1, -1, *([-1] * joints)]
    return Symmetry.reflection(
        observation=[*([-1] * joints), -1, 1, *([-1, 1, -1] * links)],
        action=[-1] * joints,
        state=[*position, *position, -1, 1, 1],
    )


DOMAIN = Domain(
    "swimmer",
    {"swimmer6": _mirror(6), "swimmer15": _mirror(15)},
    about="mirror: along the body",
    target="target",
)
