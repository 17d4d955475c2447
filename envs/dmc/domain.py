"""What one dm_control domain tells the adapter and the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nearsym.envs.symmetry import Symmetry


@dataclass(frozen=True)
class Domain:
    """A dm_control suite domain with its tasks' symmetries.

    Attributes:
        name: of the domain in an environment's id.
        tasks: the declared symmetry of each task; None where there is none.
        about: one line for the catalogue: what the group does.
        target: name of a geom whose (x, y, z) position is drawn anew in every episode. It is kept in the
            simulator's model rather than in qpos, and belongs to the state all the same.
        exact: whether the model itself has the symmetry, or only nearly.
        suite: the suite's name of the domain, where ours differs.
        vectors: index pairs of the flat observation that are vectors of the plane the domain moves in, in world axes,
            for each task; see `nearsym.envs.perturbations.FrameRotation`.
        plane: how camera 0 sees each generator of the tasks' groups, on its image's plane (x to the right, y upwards);
            None where it does not stand in the symmetry's mirrors.
        hinge: index, in qpos and in the flat observation alike, of an angle that observation and state hold as
            (cos, sin) instead; a rotation moves the angle by an offset, but those linearly.
    """

    name: str
    tasks: Mapping[str, Symmetry | None] = field(repr=False)
    about: str = ""
    target: str | None = None
    exact: bool = True
    suite: str | None = None
    hinge: int | None = None
    plane: list[list[list[int]]] | None = None
    vectors: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict, repr=False)
