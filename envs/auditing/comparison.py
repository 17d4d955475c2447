"""What happens at (gs, ga) beside g times what happens at (s, a)."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.symmetry import Symmetry
from nearsym.envs.wrappers import is_image

from .distance import held_out, wasserstein
from .measurement import Compared, Errors
from .outcomes import Outcomes, draw
from .scales import LEAST, Scales
from .transitions import FloatArray

DRAWS = 32
"""Outcomes drawn of each step where outcomes are random."""


class Comparison:
    """What happens at (gs, ga) beside g times what happens at (s, a)."""

    def __init__(
        self, env: gymnasium.Env[Any, Any], symmetry: Symmetry, elements: list[int], seed: int, scales: Scales
    ) -> None:
        self._env, self._elements, self._scales = env, elements, scales
        self._observation, self._action = symmetry.observation.rep, symmetry.action
        self._state = symmetry.state or symmetry.observation.rep
        self._image = is_image(env.observation_space)
        self._generator = np.random.default_rng([seed, 0x6175646974])  # apart from the sampling

    def once(
        self, pairs: list[tuple[FloatArray, FloatArray]]
    ) -> tuple[Errors, NDArray[np.bool_], Compared | None, Compared, bool]:
        """Errors of one outcome each, which elements are exact, what was compared, and whether set_state tells."""
        errors = Errors.full((len(self._elements), len(pairs)))
        exact = np.ones(len(self._elements), dtype=bool)
        seen, states, shown = [], [], True
        for k, pair in enumerate(pairs):
            for row, (expected, at) in enumerate(self._both(pair, 1)):
                shown = at.shown
                gaps = Outcomes(
                    np.abs(expected.observations - at.observations)[0],
                    np.abs(expected.rewards - at.rewards)[0],
                    np.abs(expected.states - at.states)[0],
                    np.abs(expected.terminated - at.terminated)[0],
                    at.shown,
                )
                errors[row, k], fine = self._judged(gaps)
                exact[row] &= fine
                if not self._image:
                    unknown = np.isnan(errors.observation[row, k])
                    seen.append((expected.observations[0], np.where(unknown, np.nan, at.observations[0])))
                states.append((expected.states[0], at.states[0]))
        return errors, exact, self._compared(seen, len(pairs)), self._compared(states, len(pairs)), shown

    def drawn(self, pairs: list[tuple[FloatArray, FloatArray]]) -> tuple[Errors, Errors, Compared | None, Compared]:
        """Distances of drawn outcomes, what chance adds to them, and the means that were compared."""
        errors = Errors.full((len(self._elements), len(pairs)))
        shown = np.zeros((2, *errors.table.shape))
        seen, states = [], []
        for k, pair in enumerate(pairs):
            for row, (expected, found) in enumerate(self._both(pair, DRAWS)):
                quantities = self._quantities(expected, found)
                distances = [unit * wasserstein(one, two, metric) for one, two, metric, unit in quantities]
                errors[row, k] = Errors.of(np.array(distances))
                shown[:, row, k] = np.transpose(
                    [unit * held_out(one, two, metric) for one, two, metric, unit in quantities]
                )
                if not self._image:
                    seen.append((expected.observations.mean(axis=0), found.observations.mean(axis=0)))
                states.append((expected.states.mean(axis=0), found.states.mean(axis=0)))
        # of the two witnesses the one that stands out more, for each element and quantity
        deviation = np.maximum(shown.std(axis=2), 1e-300)
        better = (shown.mean(axis=2) / deviation).argmax(axis=0)
        chosen = np.take_along_axis(shown, better[None, :, None, :], axis=0)[0]
        floors = Errors.of(errors.table - np.where(np.abs(chosen) > LEAST, chosen, 0.0))
        return errors, floors, self._compared(seen, len(pairs)), self._compared(states, len(pairs))

    def _both(self, pair: tuple[FloatArray, FloatArray], draws: int) -> list[tuple[Outcomes, Outcomes]]:
        """For each element g·step(s, a) and step(gs, ga)."""
        state, action = pair
        base = self._draw(state, action, draws)
        both = []
        for g in self._elements:
            expected = Outcomes(
                self._observation.apply(g, base.observations),
                base.rewards,
                self._state.apply(g, base.states),
                base.terminated,
                base.shown,
            )
            both.append((expected, self._draw(self._state.apply(g, state), self._action.apply(g, action), draws)))
        return both

    def _draw(self, state: FloatArray, action: FloatArray, draws: int) -> Outcomes:
        return draw(self._env, state, action, self._generator.integers(2**31, size=draws).tolist())

    def _judged(self, gaps: Outcomes) -> tuple[Errors, bool]:
        """Errors of one pair of outcomes from the sizes of their differences, and whether all is rounding."""
        scales = self._scales
        unknown = not gaps.shown and (gaps.states > scales.state_rounding).any()
        if self._image:
            seen = np.asarray(gaps.observations.mean())
        else:
            seen = gaps.observations
        small = seen <= scales.observation_rounding
        moved = gaps.states > scales.state_rounding
        errors = Errors(
            np.asarray(np.nan if unknown else seen.max()),
            gaps.rewards,
            np.asarray(np.linalg.norm(gaps.states)),
            gaps.terminated,
            np.asarray(np.nan if unknown else np.where(small, 0, seen / scales.observation).max()),
            np.asarray(np.where(moved, gaps.states / scales.state, 0).max()),
        )
        exact = small.all() and not moved.any() and gaps.rewards <= scales.reward_rounding and gaps.terminated == 0
        return errors, bool(exact)

    def _quantities(self, expected: Outcomes, found: Outcomes) -> list[tuple[FloatArray, FloatArray, str, float]]:
        """Points of two sets of outcomes, a metric and a unit for each of the `Errors`, in their order."""
        scales = self._scales

        def of(
            name: str, metric: str, scale: FloatArray | float = 1.0, unit: float = 1.0
        ) -> tuple[FloatArray, FloatArray, str, float]:
            one, two = (getattr(each, name).reshape(len(each.rewards), -1) / scale for each in (expected, found))
            return one, two, metric, unit

        # of an image the mean over pixels: one pixel at an edge says nothing
        metric, unit = ("cityblock", 1 / self._observation.dim) if self._image else ("chebyshev", 1.0)
        return [
            of("observations", metric, unit=unit),
            of("rewards", "euclidean"),
            of("states", "euclidean"),
            of("terminated", "euclidean"),
            of("observations", metric, scales.observation, unit),
            of("states", "chebyshev", scales.state),
        ]

    def _compared(self, both: list[tuple[FloatArray, FloatArray]], samples: int) -> Any:
        """(samples · elements) pairs as arrays of (elements, samples, dim); None of none."""
        if not both:
            return None
        arrays = (np.reshape(each, (samples, len(self._elements), -1)) for each in zip(*both, strict=True))
        return Compared(*(array.swapaxes(0, 1) for array in arrays))
