"""What an audit found."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bound import value_gap_bound

FloatArray = NDArray[np.float64]

ROUNDING = 1e-8
"""Errors up to this count as rounding in float64."""

NEARLY = 0.1
"""A symmetry is approximate while its mean errors are below this fraction of what a step usually changes."""


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
        observation: |o(gs) - g o(s)|, largest coordinate.
        reward: |R(gs, ga) - R(s, a)|.
        transition: ‖s'(gs, ga) - g s'(s, a)‖, Euclidean.
        termination: fraction of samples where one episode ended and the other did not.
    """

    element: str
    observation: Spread
    reward: Spread
    transition: Spread
    termination: float


@dataclass(frozen=True)
class AuditReport:
    """How well a declared symmetry holds, measured.

    Attributes:
        group: name of the group.
        samples: sampled pairs of state and action.
        seed: of the sampling.
        method: how it was measured, in words.
        elements: one report for each element but the identity (each generator of an unlisted group).
        reward_noise: largest reward difference between repetitions of the same step; 0 when deterministic.
        transition_noise: the same for next states, Euclidean.
        reward_scale: standard deviation of the reward over the samples.
        step_scale: root mean square of ‖s' - s‖ over the samples.
        worst: the worst sample.
        states: (samples, state_dim) the sampled states.
        errors: (elements, samples, 3) observation, reward and transition error of each sample.
    """

    group: str
    samples: int
    seed: int
    method: str
    elements: tuple[ElementReport, ...]
    reward_noise: float
    transition_noise: float
    reward_scale: float
    step_scale: float
    worst: Worst
    states: FloatArray = field(repr=False, compare=False)
    errors: FloatArray = field(repr=False, compare=False)

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
    def observation_error(self) -> float:
        """The largest observation error over samples and elements."""
        return max(element.observation.maximum for element in self.elements)

    @property
    def verdict(self) -> str:
        """``exact``, ``approximate`` or ``broken``; see `verdict_of` for a single element."""
        order = ("exact", "approximate", "broken")
        return max((self.verdict_of(element) for element in self.elements), key=order.index)

    def verdict_of(self, element: ElementReport) -> str:
        """The verdict on one element.

        ``exact``: every error is rounding (up to 1e-8, or ten times the environment's own noise). ``approximate``:
        the mean reward error is at most a tenth of the reward's standard deviation and the mean transition
        error at most a tenth of what a step usually changes. ``broken``: neither.
        """
        floor = (ROUNDING, max(ROUNDING, 10 * self.reward_noise), max(ROUNDING, 10 * self.transition_noise))
        spreads = (element.observation, element.reward, element.transition)
        if element.termination == 0 and all(s.maximum <= f for s, f in zip(spreads, floor, strict=True)):
            return "exact"
        reward_fine = element.reward.mean <= NEARLY * self.reward_scale + floor[1]
        transition_fine = element.transition.mean <= NEARLY * self.step_scale + floor[2]
        observation_fine = element.observation.mean <= NEARLY * self.step_scale + ROUNDING
        return "approximate" if reward_fine and transition_fine and observation_fine else "broken"

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
