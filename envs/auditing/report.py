"""What an audit found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .bound import value_gap_bound
from .coordinates import Coordinate
from .measurement import Errors
from .transitions import FloatArray

VERDICTS = ("exact", "consistent", "approximate", "broken")


@dataclass(frozen=True)
class Spread:
    """How an error is distributed over the sampled states and actions."""

    maximum: float
    mean: float
    median: float
    q90: float
    q99: float

    @classmethod
    def of(cls, errors: FloatArray) -> Spread:
        """Of (samples,) errors."""
        median, q90, q99 = np.quantile(errors, [0.5, 0.9, 0.99])
        return cls(float(errors.max()), float(errors.mean()), float(median), float(q90), float(q99))


@dataclass(frozen=True)
class Means:
    """One number for each thing compared; `observation` is None where it is not known."""

    observation: float | None
    reward: float
    transition: float
    termination: float


@dataclass(frozen=True)
class Interval:
    """A mean error without what chance adds to it, and where the true one lies with a confidence of 95%.

    Attributes:
        estimate: of the mean over the sampled states.
        low: end of the interval.
        high: its other end.
    """

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Intervals:
    """One for each thing compared; `observation` is None where it is not known."""

    observation: Interval | None
    reward: Interval
    transition: Interval


@dataclass(frozen=True)
class Worst:
    """A sample with largest errors, relative to their scales; enough to see it again."""

    element: str
    state: list[float]
    action: list[float]
    reward_error: float
    transition_error: float
    observation_error: float | None = None


@dataclass(frozen=True)
class ElementReport:
    """Errors of one group element g over samples (s, a).

    Attributes:
        element: name of g.
        observation: |o(gs) - g o(s)|, the largest coordinate, or the mean over pixels of an image; None where it is
            not known.
        reward: |R(gs, ga) - R(s, a)|.
        transition: ‖s'(gs, ga) - g s'(s, a)‖, Euclidean. Of random outcomes the errors are 1-Wasserstein distances
            between drawn ones, which chance enlarges.
        termination: mean difference of the probabilities that the episode ends.
        resolution: what chance, or the method, adds to the means of the same errors; 0 for a deterministic simulator.
        overlap: fraction of the samples whose image lies where transitions were seen; 1 where states can be set.
        share: the largest mean error relative to what it is held against, see `judge`.
        shared: what has that error: ``observation``, ``reward``, ``transition`` or ``termination``.
        verdict: see `judge`.
        intervals: of the mean errors; None for a deterministic simulator.
        coordinates: those of observation and state that are off, the largest errors relative to their scales first.
    """

    element: str
    observation: Spread | None
    reward: Spread
    transition: Spread
    termination: float
    resolution: Means
    overlap: float
    share: float
    shared: str
    verdict: str
    intervals: Intervals | None = None
    coordinates: tuple[Coordinate, ...] = ()


@dataclass(frozen=True)
class AuditReport:
    """How well a declared symmetry holds, measured.

    Attributes:
        group: name of the group.
        samples: sampled pairs of state and action.
        seed: of the sampling.
        method: how it was measured, in words.
        elements: one report for each element but the identity (each generator of an unlisted group).
        scales: sizes to compare errors with: the largest standard deviation of an observation coordinate, the standard
            deviation of the reward, the root mean square of ‖s' - s‖, and 1. Verdicts go by each coordinate's own.
        worst: the sample with the largest error of reward or transition, relative to its scale.
        worst_observation: the same of the observation; None where it is not known, or right.
        notes: what was assumed, and what could not be measured.
        states: (samples, state_dim) the sampled states.
        errors: (elements, samples) arrays of the errors of each sample; NaN where they are not known.
    """

    group: str
    samples: int
    seed: int
    method: str
    elements: tuple[ElementReport, ...]
    scales: Means
    worst: Worst
    worst_observation: Worst | None
    notes: tuple[str, ...]
    states: FloatArray = field(repr=False, compare=False)
    errors: Errors = field(repr=False, compare=False)

    @property
    def epsilon_reward(self) -> float:
        """ε_R: the largest reward error over samples and elements."""
        return max(element.reward.maximum for element in self.elements)

    @property
    def epsilon_transition(self) -> float:
        """ε_P: the largest transition error over samples and elements, Euclidean.

        For a deterministic environment it is the 1-Wasserstein distance between P(·|s, a) and g⁻¹#P(·|gs, ga).
        """
        return max(element.transition.maximum for element in self.elements)

    @property
    def observation_error(self) -> float | None:
        """The largest observation error over samples and elements."""
        spreads = [element.observation for element in self.elements]
        return max((spread.maximum for spread in spreads if spread is not None), default=None)

    @property
    def verdict(self) -> str:
        """The worst verdict on an element."""
        return max((element.verdict for element in self.elements), key=VERDICTS.index)

    def value_gap_bound(self, discount: float, lipschitz: float) -> float:
        """`value_gap_bound` of the measured errors, as if the sampled ones were the largest there are.

        Args:
            discount: γ < 1.
            lipschitz: a Lipschitz constant of V* in the Euclidean norm of the state.
        """
        return value_gap_bound(self.epsilon_reward, self.epsilon_transition, discount, lipschitz)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the single samples, for JSON."""
        saved = asdict(self)
        del saved["states"], saved["errors"]
        return {
            **saved,
            "epsilon_reward": self.epsilon_reward,
            "epsilon_transition": self.epsilon_transition,
            "observation_error": self.observation_error,
            "verdict": self.verdict,
        }
