"""What one dm_control domain tells the adapter and the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, field

from nearsym.envs.symmetry import Symmetry


@dataclass(frozen=True)
class Domain:
    """A dm_control suite domain with its tasks' symmetries.

    Attributes:
        name: the suite's name of the domain.
        tasks: the declared symmetry of each task.
        about: one line for the catalogue: what the group does.
        target: name of a geom whose (x, y, z) position is drawn anew in every episode. It is kept in the
            simulator's model rather than in qpos, and belongs to the state all the same.
        exact: whether the model itself has the symmetry, or only nearly.
    """

    name: str
    tasks: dict[str, Symmetry] = field(repr=False)
    about: str = ""
    target: str | None = None
    exact: bool = True
