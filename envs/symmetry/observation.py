"""What an observation is made of, and how a group moves it: vectors, images, windows of time, and parts of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from nearsym.envs.errors import SymmetryError

from .group import Group
from .image import image_representation
from .representation import Representation, direct_sum

Key: TypeAlias = Any
"""Name of a part: a key of a Dict, or a tuple of several that make one vector (mappings take no union of the two)."""


class Observation:
    """What an environment shows, with the action of one group on it.

    Every kind can be flattened to one vector of `dim` numbers, on which `rep` acts. A network reads each kind by an
    encoder of its own.

    Attributes:
        rep: representation on the flattened observation.
    """

    rep: Representation

    @property
    def dim(self) -> int:
        """Numbers in the flattened observation."""
        return self.rep.dim

    @property
    def group(self) -> Group:
        """The group that acts."""
        return self.rep.group

    def parts(self, name: str = "observation") -> Iterator[tuple[str, Representation]]:
        """Name and representation of everything it is made of, for messages."""
        yield name, self.rep


@dataclass(frozen=True)
class Vector(Observation):
    """Coordinates, all read alike.

    Attributes:
        rep: representation on them.

    Raises:
        SymmetryError: `rep` is no Representation.
    """

    rep: Representation

    def __post_init__(self) -> None:
        if not isinstance(self.rep, Representation):
            raise SymmetryError(f"observation is {self.rep!r}, a Representation was expected; see Symmetry.generated")


@dataclass(frozen=True)
class Image(Observation):
    """Pixels of a picture that mirrors and quarter turns move; see `image_representation`.

    Attributes:
        plane: representation on the picture's plane, (x to the right, y upwards), signed permutations.
        shape: (channels, height, width).

    Raises:
        SymmetryError: pixels would move between pixels, or quarter turns meet a picture that is not square.
    """

    plane: Representation
    shape: tuple[int, int, int]

    def __post_init__(self) -> None:
        _ = self.rep  # says why if the plane does not fit

    @cached_property
    def rep(self) -> Representation:  # type: ignore[override]
        """Permutation of the flattened pixels."""
        return image_representation(self.plane, self.shape)

    def parts(self, name: str = "observation") -> Iterator[tuple[str, Representation]]:
        """The pixels, and the plane that says how they move."""
        yield name, self.rep
        yield "plane", self.plane


@dataclass(frozen=True)
class Window(Observation):
    """The last `steps` values of some quantities, the oldest first: coordinate ``d·steps + t`` is quantity d at step t.

    The group moves the quantities and leaves time alone. What holds at one step nearly holds at the next, so networks
    read it by (relaxed) convolutions over time.

    Attributes:
        step: representation on the quantities of one step, signed permutations.
        steps: length of the window.

    Raises:
        SymmetryError: `steps` is below 1.
    """

    step: Representation
    steps: int

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise SymmetryError(f"a window has {self.steps} steps, expected a whole number >= 1")

    @cached_property
    def rep(self) -> Representation:  # type: ignore[override]
        """The quantities' representation, at every step alike."""
        return self.step.tensor_product(Representation.trivial(self.step.group, self.steps))


@dataclass(frozen=True)
class Parts(Observation):
    """Several observations side by side: the keys of a Dict, or consecutive parts of one flat vector.

    Attributes:
        named: the parts by name, in the order in which they are flattened. A tuple of keys names one vector that
            several keys of a Dict make together, because the group exchanges them.

    Raises:
        SymmetryError: there are none, or they belong to different groups.
    """

    named: Mapping[Key, Observation]

    def __post_init__(self) -> None:
        if not self.named:
            raise SymmetryError("an observation of several parts needs at least one, got none")
        groups = {name: part.group for name, part in self.named.items()}
        first = next(iter(groups.values()))
        for name, group in groups.items():
            if group != first:
                raise SymmetryError(f"observation {name!r} represents {group!r}, the parts before it {first!r}")

    @cached_property
    def rep(self) -> Representation:  # type: ignore[override]
        """The direct sum of the parts' representations."""
        return direct_sum([part.rep for part in self.named.values()])

    def parts(self, name: str = "observation") -> Iterator[tuple[str, Representation]]:
        """Every part by its name."""
        for key, part in self.named.items():
            yield from part.parts(f"{name} {key!r}")

    @property
    def keys(self) -> list[str]:
        """Every key of the Dict, those of tuples one by one."""
        return [each for key in self.named for each in keys_of(key)]

    def ordered(self, sizes: Mapping[str, int]) -> Observation:
        """The same parts in another order; one vector where the group exchanges keys.

        Args:
            sizes: numbers of each key, in the order in which they are to come.
        """
        if all(isinstance(key, str) for key in self.named):
            return Parts({key: self.named[key] for key in sizes})
        starts = dict(zip(self.keys, np.cumsum([0] + [sizes[key] for key in self.keys]), strict=False))
        return Vector(self.rep.reordered(np.concatenate([starts[key] + np.arange(sizes[key]) for key in sizes])))


def keys_of(key: Key) -> tuple[str, ...]:
    """The keys of a Dict that a name of `Parts` stands for."""
    return key if isinstance(key, tuple) else (key,)


def observation_of(given: Observation | Representation | Mapping[Key, Observation | Representation]) -> Observation:
    """An observation from itself, from a representation (a `Vector`), or from a mapping of either (`Parts`).

    Raises:
        SymmetryError: it is none of these.
    """
    if isinstance(given, Observation):
        return given
    if isinstance(given, Mapping):
        return Parts({name: observation_of(part) for name, part in given.items()})
    return Vector(given)
