"""Candidates for a group element: what it does to state and action, tried in the simulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

from .simulator import FloatArray, Outcome, Simulator

IntArray = NDArray[np.intp]

TRIED = 16
"""Sampled states and actions at which a candidate is tried before it is audited."""

SINGLE = 1e-5
"""Relative differences that numbers in float32 may have."""


@dataclass(frozen=True, eq=False)
class Element:
    """Orthogonal matrices of one group element.

    Attributes:
        state: (state_dim, state_dim).
        action: (action_dim, action_dim).
        observation: (observation_dim, observation_dim); None while it is not known.
        residual: of the observation's regression, relative to its spread.
    """

    state: FloatArray
    action: FloatArray
    observation: FloatArray | None = None
    residual: float = 0.0

    @property
    def moves(self) -> bool:
        """Whether it moves anything observed or any action."""
        seen = self.observation
        still = seen is None or np.abs(seen - np.eye(len(seen))).max() < 1e-6
        return not (still and np.abs(self.action - np.eye(len(self.action))).max() < 1e-6)


def signed_matrix(source: IntArray, sign: NDArray[Any]) -> FloatArray:
    """(dim, dim) matrix with (M x)[i] = sign[i] · x[source[i]]."""
    return np.eye(len(source))[source] * np.asarray(sign, dtype=np.float64)[:, None]


class Trial:
    """Tries candidates at sampled states and actions.

    Next states and rewards have to move as a candidate says. Observations have to keep their lengths and the angles
    between them, which is so when some orthogonal matrix moves them.

    Args:
        simulator: the environment.
        tolerance: largest mean error that passes, in units of what a step changes.
    """

    def __init__(self, simulator: Simulator, tolerance: float) -> None:
        self._simulator, self.tolerance = simulator, tolerance
        self._pairs = simulator.spaced(TRIED)
        self._after: list[Outcome] = [simulator.step(*pair) for pair in self._pairs]
        self._rewards = max(float(simulator.samples.rewards.std()), 1e-12)

    def passes(self, element: Element, rewards: bool = True) -> bool:
        """Whether all of that is so in the mean, sample by sample until it cannot be any more.

        Args:
            element: the candidate.
            rewards: whether rewards and observations count, or the state alone.
        """
        total, allowed, seen = 0.0, self.tolerance * len(self._pairs), []
        for pair, after in zip(self._pairs, self._after, strict=True):
            moved = self._moved(element, pair)
            if moved is None:
                return False
            total += self._error(element, after, moved)
            if rewards:
                total += abs(moved.reward - after.reward) / self._rewards + abs(moved.terminated - after.terminated)
            if not total <= allowed:
                return False
            seen.append(moved.observations)
        before = np.concatenate([after.observations for after in self._after])
        return not rewards or same_shape(before, np.concatenate(seen), self.tolerance)

    def broken(self, element: Element) -> int:
        """At how many samples the state does not move as the element says."""
        moved = [self._moved(element, pair) for pair in self._pairs]
        both = zip(self._after, moved, strict=True)
        return sum(image is None or self._error(element, after, image) > self.tolerance for after, image in both)

    def _moved(self, element: Element, pair: tuple[FloatArray, FloatArray]) -> Outcome | None:
        """What happens at the image of a state and an action; None where there is none."""
        try:
            return self._simulator.step(element.state @ pair[0], element.action @ pair[1])
        except InputError:
            return None

    def _error(self, element: Element, after: Outcome, moved: Outcome) -> float:
        """Of the state, the largest coordinate in units that are alike for what the element exchanges."""
        unit = self._simulator.unit
        unit = np.maximum(unit, np.abs(element.state) @ unit)
        return float((np.abs(moved.state - element.state @ after.state) / unit).max())


def same_shape(before: FloatArray, after: FloatArray, tolerance: float) -> bool:
    """Whether (samples, dim) vectors keep their inner products, in the mean and relative to these."""
    one, other = before @ before.T, after @ after.T
    return bool(np.abs(one - other).mean() <= max(tolerance, SINGLE) * max(float(np.abs(one).mean()), 1e-12))
