"""What a way of measuring a symmetry gives: errors by name, what they would be without a break, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.symmetry import Symmetry

from .scales import Scales
from .transitions import Transitions

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors of the four things that are compared, arrays of one shape, two of them in two units.

    Attributes:
        observation: |o(gs) - g o(s)|; NaN where states are only known by their observations.
        reward: |R(gs, ga) - R(s, a)|.
        transition: ‖s'(gs, ga) - g s'(s, a)‖.
        termination: whether, or how much more often, the episode ends on one side alone.
        observation_share: the observation's largest error in units of each coordinate's scale; see `Scales`.
        transition_share: the same of the state.
    """

    observation: FloatArray
    reward: FloatArray
    transition: FloatArray
    termination: FloatArray
    observation_share: FloatArray
    transition_share: FloatArray

    @classmethod
    def full(cls, shape: tuple[int, ...], value: float = 0.0) -> Errors:
        """Arrays of a shape that hold a value."""
        return cls(*(np.full(shape, value) for _ in fields(cls)))

    @classmethod
    def of(cls, table: FloatArray) -> Errors:
        """From (…, 6) values in the order of the attributes."""
        return cls(*np.moveaxis(table, -1, 0))

    @property
    def table(self) -> FloatArray:
        """(…, 6) values in the order of the attributes."""
        return np.stack(list(self), axis=-1)

    def for_each(self, elements: int) -> Errors:
        """(elements, …) the same for each element."""
        return Errors(*(np.broadcast_to(values, (elements, *values.shape)) for values in self))

    def __iter__(self) -> Iterator[FloatArray]:
        return (getattr(self, each.name) for each in fields(self))

    def __getitem__(self, index: Any) -> Errors:
        return Errors(*(values[index] for values in self))

    def __setitem__(self, index: Any, other: Errors) -> None:
        for values, new in zip(self, other, strict=True):
            values[index] = new


@dataclass(frozen=True, eq=False)
class Compared:
    """Vectors that should be equal, of random ones their means over draws.

    Attributes:
        expected: (elements, samples, dim) g times what was found at (s, a).
        found: (elements, samples, dim) what was found at (gs, ga).
    """

    expected: FloatArray
    found: FloatArray


@dataclass(frozen=True)
class Measurement:
    """Errors of a symmetry over sampled states and actions.

    Attributes:
        errors: (elements, samples) arrays; NaN where a sample cannot be compared.
        floors: of the same shape: what the same comparison finds where nothing is broken.
        method: how it was measured, in words.
        deterministic: whether single errors mean something: nothing of them is chance.
        uncertainty: standard errors of the floors that all samples share.
        bracketed: whether in the mean the true distances lie between errors minus floors and errors; otherwise errors
            minus floors are estimates of them.
        exact: (elements,) whether every error is rounding; None where chance is in them.
        observations: expected and found ones, where they are vectors and can be compared.
        states: the same of the state after the step.
        notes: what was assumed, and what could not be measured, in sentences.
    """

    errors: Errors
    floors: Errors
    method: str
    deterministic: bool = False
    uncertainty: Errors = field(default_factory=lambda: Errors.full(()))
    bracketed: bool = False
    exact: NDArray[np.bool_] | None = None
    observations: Compared | None = None
    states: Compared | None = None
    notes: tuple[str, ...] = ()


class Method(Protocol):
    """A way of measuring a symmetry."""

    def __call__(
        self,
        env: gymnasium.Env[Any, Any],
        transitions: Transitions,
        symmetry: Symmetry,
        elements: list[int],
        seed: int,
        scales: Scales,
    ) -> Measurement:
        """Measure.

        Args:
            env: the environment.
            transitions: sampled in it.
            symmetry: on the flattened observation, see `Symmetry.ordered`.
            elements: rows of its group.
            seed: of whatever is drawn.
            scales: units of the errors' shares.

        Raises:
            InputError: the symmetry does not fit, or too little is known.
        """
