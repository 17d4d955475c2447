"""Signed permutations of observation and action that recorded transitions agree with.

A smooth model f predicts what a step changes. A candidate g passes where the model predicts at (g o, g a) what g makes
of the change that was recorded at (o, a), as well as it predicts recorded transitions that it has not seen; images
where nothing was recorded do not count. What passes is audited by neighbours, without the model (docs/audit.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.auditing import AuditReport, Transitions, audit
from nearsym.envs.auditing.names import plain_names
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry

from .automorphisms import IntArray, Relation, Search, combined, group_values
from .closing import closed, holds
from .discover import Discovery, Found, Progress
from .elements import Element, signed_matrix
from .recorded import Recorded
from .signed import FACTOR
from .simulator import FloatArray
from .smooth import HELD, Smooth
from .untold import BLUNT, LEARNED, untold

NEARLY = 0.1
"""Mean errors beyond the model's own that pass, in units of what a step changes."""

MATTERS = 0.02
"""Share of the largest slope from which an input counts for an output."""

CONSTANT = 0.95
"""Share of the samples at which a slope has one sign from which its sign is taken for constant."""

ALIKE = 0.3
"""Slopes between which no gap is wider than this share of the largest count as one."""

TRIED, NODES, OVERLAP = 150, 1500, 0.1
"""Held-out transitions compared, nodes of the search, share of images that must be among the data."""

COMPARED = 4000
"""Transitions that images are looked for among, and that are audited."""


def discover_from_transitions(
    recorded: Recorded, seed: int = 0, progress: Progress = lambda stage, done: None
) -> Discovery:
    """Find the signed permutations of observation and action that recorded transitions are consistent with.

    Args:
        recorded: the transitions.
        seed: of the choice among very many.
        progress: called with what is done next, and the fraction that is done.

    Raises:
        InputError: too few transitions for their size, or no quantity can be predicted from them.
    """
    progress("fits a model", 0.0)
    used = _some(recorded.transitions, LEARNED, seed)
    data = _Data(used, plain_names(recorded.observation_space))
    compared = _some(used, COMPARED, seed)
    notes = list(data.notes)
    space = recorded.observation_space
    keys = tuple(space.spaces) if isinstance(space, gymnasium.spaces.Dict) else ()
    progress("searches signed permutations", 0.3)
    elements, stopped = data.elements()
    progress("audits", 0.7)
    good: list[Element] = []
    group: Symmetry | None = None
    for element in elements:
        symmetry = None if holds(group, element) else closed([element], keys)[0]
        if symmetry is None:
            continue
        try:
            report = _audit(recorded, symmetry, compared)
        except InputError as error:
            notes.append(f"one candidate could not be audited: {error}")
            continue
        if report.verdict != "broken":
            good.append(element)
            group = closed(good, keys)[0]
    found = None
    while good and found is None:
        symmetry, kept = closed(good, keys)
        if symmetry is None:
            break
        report = _audit(recorded, symmetry, compared)
        found = Found(replace(symmetry, state=None), report, 0.0) if report.verdict != "broken" else None
        good = kept[:-1]
    if stopped:
        notes.append("the search stopped before it had looked everywhere, so there may be more")
    progress("done", 1.0)
    return Discovery(None, found, np.empty(0), 0, (), tuple(notes))


def _audit(recorded: Recorded, symmetry: Symmetry, transitions: Transitions) -> AuditReport:
    return audit(recorded, replace(symmetry, state=None), transitions=transitions)


def _some(transitions: Transitions, largest: int, seed: int) -> Transitions:
    """Whole episodes, at random, until there are as many transitions."""
    if len(transitions.rewards) <= largest:
        return transitions
    numbers = np.random.default_rng(seed).permutation(np.unique(transitions.episodes))
    sizes = np.bincount(transitions.episodes)
    count = int(np.searchsorted(np.cumsum(sizes[numbers]), largest)) + 1
    rows = np.flatnonzero(np.isin(transitions.episodes, numbers[:count]))[:largest]
    return Transitions(*(getattr(transitions, name)[rows] for name in Transitions.__dataclass_fields__))


@dataclass(frozen=True)
class _Slopes:
    """Medians of the sizes of the model's slopes, and their signs where these are constant; (outputs, inputs)."""

    size: FloatArray
    sign: FloatArray


class _Data:
    """Transitions, a model of them, and what may be said of a signed permutation.

    Inputs are observation and action; outputs what a step changes of the observation, in units of it, and the reward.
    """

    def __init__(self, transitions: Transitions, names: list[str]) -> None:
        self.transitions, self.notes = transitions, list[str]()
        self._names = [*names, "the reward"]
        seen, acted = transitions.observations, transitions.actions
        self._seen, self._inputs = seen.shape[1], np.concatenate([seen, acted], axis=1)
        count, least = len(seen), 20 * (self._inputs.shape[1] + 1) + 100
        if count < least:
            raise InputError(
                f"{count} transitions of {self._inputs.shape[1]} numbers are too few to learn a model from; record at "
                f"least {least}, better ten times as many"
            )
        change = transitions.next_observations - seen
        self._unit = _alike(_typical(change))
        rewards = transitions.rewards
        self._targets = np.column_stack([change / self._unit, (rewards - rewards.mean()) / max(rewards.std(), 1e-12)])
        numbers = np.unique(transitions.episodes)
        chosen = numbers[HELD - 1 :: HELD] if len(numbers) >= HELD else numbers[-1:]
        held = np.isin(transitions.episodes, chosen)
        if len(numbers) < HELD:
            held = np.arange(count) >= count - count // HELD
        self._model = Smooth(self._inputs, self._targets, held)
        rows = np.flatnonzero(held)
        self._rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), TRIED)).astype(int)]
        points = self._inputs[self._rows]
        self._own = np.abs(self._model(points) - self._targets[self._rows]).mean(axis=0)
        share = self._share(self._model, held)
        self._sharp = share <= BLUNT
        self._spread = _alike(_typical(self._inputs - np.median(self._inputs, axis=0)))
        known = self._inputs[~held] / self._spread
        self._known = known[:: max(1, len(known) // COMPARED)]
        self._reach = float(np.quantile(self._nearest(points), 0.99))
        moves = np.ptp(self._targets, axis=0) > 0
        blunt = [int(k) for k in np.flatnonzero(~self._sharp & moves)]
        if blunt:
            part = held | (np.cumsum(~held) <= int((~held).sum()) // 4)
            fewer = self._share(Smooth(self._inputs[part], self._targets[part], held[part]), held)
            called = [self._names[k] for k in blunt]
            self.notes.append(untold(called, share[blunt], fewer[blunt], int(moves.sum()), count))
        self._slopes = self._differentiated(points)

    def _share(self, model: Smooth, held: NDArray[np.bool_]) -> FloatArray:
        """(outputs,) root mean square error on what is held out, relative to the quantity's."""
        wanted = self._targets[held]
        missed = ((model(self._inputs[held]) - wanted) ** 2).mean(axis=0)
        share: FloatArray = np.sqrt(missed / np.maximum((wanted**2).mean(axis=0), 1e-12))
        return share

    def elements(self) -> tuple[list[Element], bool]:
        """Generators of what passes, and whether the search stopped early."""
        search = Search(self._relation(), lambda images: self._passes(*_signed(images)), self._plausible, NODES)
        found = []
        for images in search.generators():
            source, sign = _signed(images)
            n = self._seen
            observation = signed_matrix(source[:n], sign[:n])
            found.append(Element(observation, signed_matrix(source[n:] - n, sign[n:]), observation))
        return found, search.exhausted

    def _nearest(self, points: FloatArray) -> FloatArray:
        """(points,) squared distance to the nearest recorded input, each coordinate in units of its spread."""
        scaled = points / self._spread
        products = scaled @ self._known.T
        squared = (scaled**2).sum(axis=1)[:, None] + (self._known**2).sum(axis=1) - 2 * products
        nearest: FloatArray = np.maximum(squared, 0).min(axis=1) * (1 - 1e-9)
        return nearest

    def _differentiated(self, points: FloatArray) -> _Slopes:
        """By differences of a tenth of each input's spread."""
        columns = []
        for i in range(self._inputs.shape[1]):
            step = 0.1 * self._spread[i] * np.eye(self._inputs.shape[1])[i]
            columns.append((self._model(points + step) - self._model(points - step)) / 0.2)
        slopes = np.stack(columns, axis=2)
        size, positive = np.median(np.abs(slopes), axis=0), (slopes > 0).mean(axis=0)
        return _Slopes(size, (positive >= CONSTANT) * 1.0 - (positive <= 1 - CONSTANT) * 1.0)

    def _relation(self) -> Relation:
        """Sizes of slopes as labels of pairs of points, with signs where these are constant."""
        count, n = self._inputs.shape[1], self._seen
        signs = np.array([1.0, -1.0])
        size, sign = np.zeros((count, count)), np.zeros((count, count))
        largest = max(float(self._slopes.size.max()), 1e-12)
        sharp = self._sharp[:n, None]
        size[:, :n] = np.where(sharp, self._slopes.size[:n] / largest, 0.0).T
        sign[:, :n] = np.where(sharp & (self._slopes.size[:n] > ALIKE * largest), self._slopes.sign[:n], 0.0).T
        labels = combined(
            group_values(np.kron(size, np.ones((2, 2))), ALIKE),
            group_values(np.kron(sign, np.outer(signs, signs)), 0.5),
        )
        kinds = np.repeat((np.arange(count) >= n).astype(np.intp), 2)
        spread = np.repeat(group_values(np.log(self._spread), 1e-6), 2)
        still = np.repeat((np.ptp(self._inputs, axis=0) == 0).astype(np.intp), 2)
        return Relation(labels, combined(kinds, spread, still))

    def _passes(self, source: IntArray, sign: FloatArray) -> bool:
        points = self._inputs[self._rows][:, source] * sign
        return self._agrees(points, np.arange(self._seen), source[: self._seen], sign[: self._seen])

    def _plausible(self, points: IntArray, images: IntArray) -> bool:
        """Whether those outputs agree whose images depend on inputs alone that are known already."""
        positive = points % 2 == 0
        origins, targets = points[positive] // 2, images[positive] // 2
        signs = 1.0 - 2.0 * (images[positive] % 2)
        moved = self._inputs[self._rows].copy()
        moved[:, targets] = self._inputs[self._rows][:, origins] * signs
        unknown = np.ones(self._inputs.shape[1], dtype=bool)
        unknown[targets] = False
        needs = self._slopes.size > MATTERS * self._slopes.size.max(axis=1, keepdims=True)
        ready = ~(needs & unknown).any(axis=1)
        chosen = (targets < self._seen) & ready[np.minimum(targets, self._seen)]
        reward = bool(ready[self._seen])
        if not chosen.any() and not reward:
            return True
        return self._agrees(moved, targets[chosen], origins[chosen], signs[chosen], reward)

    def _agrees(
        self, points: FloatArray, outputs: IntArray, sources: IntArray, signs: FloatArray, reward: bool = True
    ) -> bool:
        """Whether the model's predictions at images are what is recorded, moved, up to its own error.

        Args:
            points: (tried, inputs) images of held-out inputs.
            outputs: which changes of the observation are compared.
            sources: the changes that they are images of.
            signs: with which.
            reward: whether the reward is compared.
        """
        near = self._nearest(points) <= self._reach
        if near.mean() < OVERLAP:
            return False
        predicted, recorded = self._model(points[near]), self._targets[self._rows][near]
        ratio = self._unit[sources] / self._unit[outputs]
        error = np.abs(predicted[:, outputs] - recorded[:, sources] * signs * ratio).mean(axis=0)
        excess = error - np.maximum(self._own[sources] * ratio, self._own[outputs])
        counted = self._sharp[outputs] & self._sharp[sources]
        if (excess[counted] > NEARLY).any():
            return False
        if reward and self._sharp[self._seen]:
            gap = np.abs(predicted[:, self._seen] - recorded[:, self._seen]).mean() - self._own[self._seen]
            return bool(gap <= NEARLY)
        return True


def _signed(images: IntArray) -> tuple[IntArray, FloatArray]:
    """Source and sign of every coordinate from images of points."""
    count = len(images) // 2
    source, sign = np.empty(count, dtype=np.intp), np.empty(count)
    target = images[::2]
    source[target // 2], sign[target // 2] = np.arange(count), 1 - 2 * (target % 2)
    return source, sign


def _typical(values: FloatArray) -> FloatArray:
    """(dim,) a size that few large values do not decide; 1 of what is always 0."""
    sizes = np.abs(values)
    upper, mean = np.quantile(sizes, 0.75, axis=0), sizes.mean(axis=0)
    found: FloatArray = np.where(upper > 1e-9, upper, np.where(mean > 1e-12, mean, 1.0))
    return found


def _alike(sizes: FloatArray) -> FloatArray:
    """One size for those between which no gap is wider than a factor of 2, so that exchanged ones have the same."""
    groups = group_values(np.log(sizes), FACTOR)
    means: FloatArray = np.bincount(groups, weights=np.log(sizes)) / np.bincount(groups)
    return np.exp(means[groups])
