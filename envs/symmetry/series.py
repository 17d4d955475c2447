"""The part of an observation that is a window of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearsym.envs.errors import SymmetryError

from .observation import Observation, Parts, Window
from .representation import Representation


@dataclass(frozen=True)
class Series:
    """A window of the last `steps` moments inside a flat observation.

    Coordinate ``start + d·steps + t`` is quantity d at moment t, the oldest first. What holds at one moment of the
    window should hold, nearly, at the next: networks read it by (relaxed) convolutions over time.

    Attributes:
        start: first coordinate.
        stop: one past the last.
        steps: length of the window.

    Raises:
        SymmetryError: the coordinates are no whole number of windows.
    """

    start: int
    stop: int
    steps: int

    def __post_init__(self) -> None:
        if not (0 <= self.start < self.stop and self.steps > 0 and (self.stop - self.start) % self.steps == 0):
            raise SymmetryError(
                f"a series of {self.steps} steps cannot fill coordinates {self.start} to {self.stop}; expected "
                "start + quantities·steps = stop"
            )

    @classmethod
    def of(cls, observation: Observation) -> Series | None:
        """Where the first window among the parts of an observation lies, or None."""
        start = 0
        for part in observation.named.values() if isinstance(observation, Parts) else [observation]:
            if isinstance(part, Window):
                return cls(start, start + part.dim, part.steps)
            start += part.dim
        return None

    def moment(self, observation: Representation) -> Representation:
        """How the group acts on the quantities at one moment.

        Raises:
            SymmetryError: it moves the series out of its place, or the moments differently.
        """
        if self.stop > observation.dim:
            raise SymmetryError(f"the series ends at coordinate {self.stop}, the observation has {observation.dim}")
        index, sign = (array[:, self.start : self.stop] for array in observation.arrays)
        shape = (len(index), -1, self.steps)
        source, signs = (index - self.start).reshape(shape), sign.reshape(shape)
        quantity, step = np.divmod(source, self.steps)
        inside = (source >= 0) & (source < self.stop - self.start)
        together = (step == np.arange(self.steps)) & (quantity == quantity[..., :1]) & (signs == signs[..., :1])
        if not (inside & together).all():
            g = int(np.argwhere(~(inside & together))[0, 0])
            raise SymmetryError(
                f"element {observation.group.names[g]} does not move the moments of the series at {self.start} to "
                f"{self.stop} all alike; a series is a window of time, whose moments a group never moves"
            )
        return Representation.signed_permutation(observation.group, quantity[..., 0], signs[..., 0])
