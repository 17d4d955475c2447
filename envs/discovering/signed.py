"""Signed permutations of state and action under which a simulator stays the same.

A linear symmetry that leaves a state s₀ where it is takes a push from there to a push: with c(s, a) = f(s, a) - s,

    c(g(s₀ + d eᵢ), g a₀) = g c(s₀ + d eᵢ, a₀),

so what pushes of single coordinates, both ways, do to every coordinate and to the reward is a relation that g keeps.
Where pushes of single coordinates do not tell, pushes of all coordinates do whose images are known already.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

from .automorphisms import Relation, Search, combined, group_values
from .elements import Element, Trial, signed_matrix
from .model import model_of
from .simulator import FloatArray, Outcome, Simulator

IntArray = NDArray[np.intp]

PUSHES = (0.02, 0.1)
"""Pushes, in units of how far coordinates spread: small, as one joint limit that differs must not hide all else."""

FACTOR = np.log(2.0)
"""Sizes between which no gap is wider count as one: coordinates that are exchanged are pushed alike."""

RESETS = 64
"""Episodes begun to see where they begin in the mean."""


class Pushes:
    """A simulator pushed from every resting state there is.

    Args:
        simulator: the environment.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._pushed = [_Pushed(simulator, base) for base in resting_states(simulator)]

    def elements(self, tolerance: float, trial: Trial) -> tuple[list[Element], bool]:
        """Generators that were found, and whether a search stopped before it had looked everywhere.

        Args:
            tolerance: responses that differ by less, relative to the largest of a coordinate, count as the same.
            trial: what candidates have to pass.
        """
        found: list[Element] = []
        stopped = False
        for pushed in self._pushed:
            search = Search(
                pushed.relation(tolerance),
                lambda images, p=pushed: trial.passes(p.element(images)),  # type: ignore[misc]
                partial(pushed.plausible, tolerance),
            )
            found += [pushed.element(images) for images in search.generators()]
            stopped |= search.exhausted
        return _distinct(found), stopped


def _distinct(elements: list[Element]) -> list[Element]:
    keys = [element.state.tobytes() + element.action.tobytes() for element in elements]
    return [element for k, element in enumerate(elements) if keys[k] not in keys[:k]]


def resting_states(simulator: Simulator) -> list[FloatArray]:
    """States that linear symmetries may leave alone: 0, the model's reference, the middle of where episodes begin."""
    begins = []
    get = simulator.env.get_wrapper_attr("get_state")
    for seed in range(RESETS):
        simulator.env.reset(seed=seed)
        begins.append(np.array(get(), dtype=np.float64))
    guesses = [np.zeros(simulator.state_dim), _snapped(np.array(begins))]
    model = model_of(simulator.env)
    if model is not None and simulator.state_dim >= model.nq + model.nv:
        guesses.append(np.concatenate([model.qpos0, np.zeros(simulator.state_dim - model.nq)]))
    states: list[FloatArray] = []
    for guess in guesses:
        try:
            simulator.step(guess, simulator.rest)
        except InputError:
            continue
        if not any(np.allclose(guess, state) for state in states):
            states.append(guess)
    return states


def _snapped(begins: FloatArray) -> FloatArray:
    """Means, 0 where they are 0 but for chance, and of one size where they differ by no more than chance."""
    mean, doubt = begins.mean(axis=0), 5 * begins.std(axis=0) / np.sqrt(len(begins)) + 1e-9
    mean = np.where(np.abs(mean) <= doubt, 0.0, mean)
    for number in np.unique(groups := group_values(np.abs(mean), float(doubt.max()))):
        alike = groups == number
        if (mean[alike] != 0).all():
            mean[alike] = np.sign(mean[alike]) * np.abs(mean[alike]).mean()
    return mean


class _Pushed:
    """A simulator pushed from one state; coordinates are those of the state, then those of the action."""

    def __init__(self, simulator: Simulator, base: FloatArray) -> None:
        self._simulator = simulator
        self._base = np.concatenate([base, simulator.rest])
        self._states, self._count = simulator.state_dim, simulator.state_dim + simulator.action_dim
        self._reach = self._reaches()
        resting = self._outcome(np.zeros(self._count))
        assert resting is not None  # it is a state that was stepped from
        self._resting = resting
        self._rewards = max(float(simulator.samples.rewards.std()), 1e-12)
        self._responses = self._respond()
        self._rewards = max(self._rewards, float(np.abs(self._responses.rewards).max(initial=0)))
        largest = np.abs(self._responses.changes).max(axis=(0, 1), initial=0)
        self._size = np.where(largest > 1e-9, largest, 1.0)
        self._draw = np.random.default_rng(0).uniform(*PUSHES, self._count)
        self._seen: dict[bytes, Outcome | None] = {}

    def element(self, images: IntArray) -> Element:
        """The signed permutation that takes point p to images[p]."""
        source, sign = np.empty(self._count, dtype=np.intp), np.empty(self._count)
        target = images[::2]  # of (i, +)
        source[target // 2], sign[target // 2] = np.arange(self._count), 1 - 2 * (target % 2)
        n = self._states
        return Element(signed_matrix(source[:n], sign[:n]), signed_matrix(source[n:] - n, sign[n:]))

    def relation(self, tolerance: float) -> Relation:
        """Responses to pushes of single coordinates, as labels and colours of points."""
        n, count = self._states, self._count
        labels = np.zeros((2 * count, 2 * count), dtype=np.intp)
        colours = np.repeat((np.arange(count) >= n).astype(np.intp), 2)
        low, high = self._simulator.low, self._simulator.high
        ends = np.full((2 * count, 2), np.inf)
        ends[2 * n :: 2], ends[2 * n + 1 :: 2] = np.stack([low, high], 1), np.stack([-high, -low], 1)
        unit = np.concatenate([self._size, np.ones(count - n)])
        known = [_points(self._base / np.where(self._reach > 0, self._reach, 1)), _points(self._resting_change / unit)]
        known += [np.repeat(np.log(self._reach), 2), np.repeat(np.log(unit), 2)]
        known += [np.clip(end, -1e12, 1e12) for end in ends.T]
        for push in range(self._responses.changes.shape[0]):
            changes = self._responses.changes[push] / self._size  # (points, n)
            full = np.zeros((2 * count, 2 * count))
            full[:, : 2 * n : 2], full[:, 1 : 2 * n : 2] = changes, -changes
            labels = combined(labels, group_values(full, tolerance))
            known += [self._responses.rewards[push] / self._rewards, self._responses.ended[push]]
        for values in known:
            colours = combined(colours, group_values(values, max(tolerance, 1e-6)))
        return Relation(labels, colours)

    def plausible(self, tolerance: float, points: IntArray, images: IntArray) -> bool:
        """Whether pushes of all coordinates whose images are known do the same on both sides."""
        one, other = np.zeros(self._count), np.zeros(self._count)
        positive = points % 2 == 0
        sizes = self._draw * self._reach
        one[points[positive] // 2] = sizes[points[positive] // 2]
        other[images[positive] // 2] = sizes[points[positive] // 2] * (1 - 2 * (images[positive] % 2))
        before, after = self._remembered(one), self._remembered(other)
        if before is None or after is None:
            return before is after
        reward = max(self._rewards, abs(before.reward - self._resting.reward))
        if abs(before.reward - after.reward) > tolerance * reward or before.terminated != after.terminated:
            return False
        base, n = self._base[: self._states], self._states
        changed, moved = (_points(o.state - base - p[:n]) for o, p in ((before, one), (after, other)))
        inside = points < 2 * n
        size = np.repeat(np.maximum(self._size, np.abs(changed[::2])), 2)[points[inside]]
        gap = np.abs(changed[points[inside]] - moved[images[inside]])
        return bool((gap <= tolerance * size).all())

    @property
    def _resting_change(self) -> FloatArray:
        change = self._resting.state - self._base[: self._states]
        return np.concatenate([change, np.zeros(self._count - self._states)])

    def _reaches(self) -> FloatArray:
        """(coordinates,) how far each is pushed, the same for all that spread about as far."""
        spread = np.where(self._simulator.spread > 1e-9, self._simulator.spread, 0.1)
        groups = group_values(np.log(spread), FACTOR)
        alike = np.exp([np.log(spread)[groups == number].mean() for number in groups])
        groups = group_values(self._simulator.reach, 1e-6)
        return np.concatenate([alike, [self._simulator.reach[groups == number].mean() for number in groups]])

    def _respond(self) -> _Responses:
        columns: list[list[FloatArray]] = [[], [], []]
        n = self._states
        for push in PUSHES:
            rows = []
            for coordinate in range(self._count):
                for sign in (1, -1):
                    pushed = np.zeros(self._count)
                    pushed[coordinate] = sign * push * self._reach[coordinate]
                    outcome = self._outcome(pushed)
                    if outcome is None:
                        rows.append((np.zeros(n), 0.0, 2.0))
                        continue
                    rows.append(
                        (
                            outcome.state - self._resting.state - pushed[:n],
                            outcome.reward - self._resting.reward,
                            outcome.terminated,
                        )
                    )
            for kept, column in zip(columns, zip(*rows, strict=True), strict=True):
                kept.append(np.array(column))
        return _Responses(*map(np.array, columns))

    def _remembered(self, pushed: FloatArray) -> Outcome | None:
        key = pushed.tobytes()
        if key not in self._seen:
            self._seen[key] = self._outcome(pushed)
        return self._seen[key]

    def _outcome(self, pushed: FloatArray) -> Outcome | None:
        """What a step does after a push; None where there is no such state."""
        state, action = np.split(self._base + pushed, [self._states])
        try:
            return self._simulator.step(state, action)
        except InputError:
            return None


class _Responses:
    """What pushes changed: (pushes, points, state_dim), (pushes, points), (pushes, points)."""

    def __init__(self, changes: FloatArray, rewards: FloatArray, ended: FloatArray) -> None:
        self.changes, self.rewards, self.ended = changes, rewards, ended


def _points(values: FloatArray) -> FloatArray:
    """(2 · coordinates,) the value of (i, +), then of (i, -), for every coordinate."""
    return np.stack([values, -values], axis=1).ravel()
