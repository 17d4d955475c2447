"""What an audit found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bound import value_gap_bound
from .measurement import Errors
from .transitions import FloatArray

ROUNDING = 1e-8
"""Errors up to this count as rounding in float64."""

NEARLY = 0.1
"""A symmetry is approximate while its mean errors are below this fraction of what they are held against."""

SIGMAS = 4.0
"""Errors of a noisy comparison count as more than its resolution beyond this many standard errors."""

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
class Worst:
    """The sample with the largest transition and reward error, enough to see it again."""

    element: str
    state: list[float]
    action: list[float]
    reward_error: float
    transition_error: float


@dataclass(frozen=True)
class ElementReport:
    """Errors of one group element g over samples (s, a).

    Attributes:
        element: name of g.
        observation: |o(gs) - g o(s)|, the largest coordinate, or the mean over pixels of an image; None where states
            are only known by their observations.
        reward: |R(gs, ga) - R(s, a)|.
        transition: ‖s'(gs, ga) - g s'(s, a)‖, Euclidean. Of random outcomes the errors are 1-Wasserstein distances
            between drawn ones.
        termination: mean difference of the probabilities that the episode ends.
        resolution: means of the same errors where nothing is broken; 0 for a deterministic simulator.
        overlap: fraction of the samples whose image lies where transitions were seen; 1 where states can be set.
        verdict: see `judge`.
    """

    element: str
    observation: Spread | None
    reward: Spread
    transition: Spread
    termination: float
    resolution: Means
    overlap: float
    verdict: str


@dataclass(frozen=True)
class AuditReport:
    """How well a declared symmetry holds, measured.

    Attributes:
        group: name of the group.
        samples: sampled pairs of state and action.
        seed: of the sampling.
        method: how it was measured, in words.
        elements: one report for each element but the identity (each generator of an unlisted group).
        scales: what errors are held against: the largest standard deviation of an observation coordinate, the
            standard deviation of the reward, the root mean square of ‖s' - s‖, and 1.
        worst: the worst sample.
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


@dataclass(frozen=True)
class Standard:
    """What errors are held against.

    Attributes:
        scales: of a mean error.
        deterministic: whether single errors mean something.
        episodes: (samples,) number of the episode each sample belongs to.
        uncertainty: standard errors of the floors that all samples share.
    """

    scales: Errors
    deterministic: bool
    episodes: NDArray[np.intp]
    uncertainty: Errors


def element_report(element: str, errors: Errors, floors: Errors, standard: Standard) -> ElementReport:
    """Sum up one element.

    Args:
        element: its name.
        errors: (samples,) arrays; NaN where an image was out of reach, and of a quantity that is not known.
        floors: (samples,) what the same comparison finds where nothing is broken.
        standard: what they are held against.
    """
    reached = ~np.isnan(errors.reward)
    errors, floors = errors[reached], floors[reached]
    observed = not np.isnan(errors.observation).any()
    return ElementReport(
        element=element,
        observation=Spread.of(errors.observation) if observed else None,
        reward=Spread.of(errors.reward),
        transition=Spread.of(errors.transition),
        termination=float(errors.termination.mean()),
        resolution=means(Errors.of(floors.table.mean(axis=0))),
        overlap=float(reached.mean()),
        verdict=judge(errors, floors, replace(standard, episodes=standard.episodes[reached])),
    )


def means(values: Errors) -> Means:
    """Single values; None for an observation that is not known."""
    observation, reward, transition, termination = map(float, values)
    return Means(None if np.isnan(observation) else observation, reward, transition, termination)


def judge(errors: Errors, floors: Errors, standard: Standard) -> str:
    """The verdict on (samples,) errors; observations that are not known do not count.

    ``exact``: every error is rounding, up to 1e-8 (only where single errors mean something).
    ``consistent``: the comparison is noisy, and no mean error exceeds what it finds where nothing is broken by more
    than four standard errors.
    ``approximate``: no mean error exceeds it by more than a tenth of its scale.
    ``broken``: one does.
    """
    known = slice(1 if np.isnan(errors.observation).any() else 0, None)
    table, scales = errors.table[:, known], standard.scales.table[known]
    if standard.deterministic and table.max() <= ROUNDING:
        return "exact"
    excess = table - floors.table[:, known]
    mean, spread = excess.mean(axis=0), standard_error(excess, standard.episodes)
    doubt = SIGMAS * np.hypot(spread, standard.uncertainty.table[known])
    if not standard.deterministic and (mean <= doubt + ROUNDING).all():
        return "consistent"
    return "approximate" if (mean <= NEARLY * scales + ROUNDING).all() else "broken"


def standard_error(values: FloatArray, episodes: NDArray[np.intp]) -> FloatArray:
    """(quantities,) standard errors of the means of (samples, quantities) values, which are alike within an episode.

    The cluster-robust estimate; of a single episode the one for independent samples.
    """
    centred = values - values.mean(axis=0)
    numbers = np.unique(episodes)
    if len(numbers) == 1:
        return values.std(axis=0) / np.sqrt(len(values))
    sums = np.array([centred[episodes == number].sum(axis=0) for number in numbers])
    return np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum(axis=0)) / len(values)
