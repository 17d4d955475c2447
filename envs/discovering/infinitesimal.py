"""Continuous symmetries by linear algebra: infinitesimal generators from sampled Jacobians.

With c(s, a) = f(s, a) - s for the next state f, exp(tX) on states and exp(tY) on actions are a symmetry when

    J_s X s + J_a Y a = X c(s, a),        ∇_s r · X s + ∇_a r · Y a = 0        (J the Jacobian of c, ∇r the reward's)

at every (s, a), and inner products of observations stay, ⟨o, J_o' X s'⟩ + ⟨J_o X s, o'⟩ = 0 for every two samples,
which is so when some orthogonal matrices move them. This is linear in (X, Y): the skew-symmetric ones, whose
exponentials are orthogonal, are the null space of a matrix with rows for every sample. Singular values that are small
instead of zero are approximate symmetries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from nearsym.envs.errors import InputError

from .elements import Element
from .simulator import FloatArray, Simulator

STEP = 2.0**-10
"""Of finite differences: exact in float32, in which actions may be held."""

UNKNOWNS = 2500
"""Entries of (X, Y) above which the null space is not computed."""

EXACT, NEARLY = 1e-5, 0.01
"""Singular values, relative to the largest, of exact and of approximate symmetries; finite differences end at 1e-7."""

SHARPEST = 6
"""Largest ratio of frequencies of one rotation."""


@dataclass(frozen=True, eq=False)
class Generator:
    """An infinitesimal symmetry.

    Attributes:
        state: (state_dim, state_dim) skew-symmetric X.
        action: (action_dim, action_dim) skew-symmetric Y.
        singular: its singular value, relative to the largest.
    """

    state: FloatArray
    action: FloatArray
    singular: float

    def turned(self, angle: float) -> Element:
        """exp(angle · (X, Y)), entries that are nearly whole numbers rounded to these."""
        return Element(_snapped(expm(angle * self.state)), _snapped(expm(angle * self.action)))


@dataclass(frozen=True, eq=False)
class Rotations:
    """What was found.

    Attributes:
        generators: of one-parameter groups that move what is observed or done.
        singular: (unknowns,) all singular values, relative to the largest, the smallest first; empty where the state is
            too large.
    """

    generators: list[Generator]
    singular: FloatArray


def rotations(simulator: Simulator) -> Rotations:
    """Skew-symmetric generators on state and action, and the singular values of the matrix that they nearly annihilate.

    Rows are in units of what a step changes, and every column in units of the terms that it is a sum of, so that a
    singular value says how much of these terms does not cancel.
    """
    n, m = simulator.state_dim, simulator.action_dim
    pairs = [*_pairs(0, n), *_pairs(n, n + m)]
    if not pairs or len(pairs) > UNKNOWNS:
        return Rotations([], np.empty(0))
    samples = int(np.ceil(2 * len(pairs) / (n + 1))) + 4
    rewards = max(float(simulator.samples.rewards.std()), 1e-9)
    left, right = np.array(pairs).T
    columns, inside = np.arange(len(pairs)), right < n
    rows, moved, shown, magnitude = [], [], [], np.zeros(len(pairs))
    for state, action in simulator.spaced(samples):
        # whole multiples of a power of two, so that differences are not lost in float32
        action = np.round(np.clip(action, simulator.low + STEP, simulator.high - STEP) * 2**12) / 2**12
        try:
            slopes, change, gradient, seen, observation = _differentiate(simulator, state, action)
        except InputError:
            continue  # no state of the simulator beside this one
        z = np.concatenate([state, action])
        slopes = np.concatenate([slopes, gradient[None]])
        one, other = slopes[:, left] * z[right], slopes[:, right] * z[left]
        block, terms = one - other, np.abs(one) + np.abs(other)
        for row, partner, sign in ((left, right, -1), (right, left, 1)):
            block[row[inside], columns[inside]] += sign * change[partner[inside]]
            terms[row[inside], columns[inside]] += np.abs(change[partner[inside]])
        seen = np.concatenate([seen, np.eye(n + m)[n:]])
        observed = seen[:, left] * z[right] - seen[:, right] * z[left]
        weight = 1 / np.append(simulator.unit, rewards)[:, None]
        rows.append(block * weight)
        magnitude += ((terms * weight) ** 2).sum(axis=0)
        moved.append(observed)
        shown.append(observation)
    if not rows:
        return Rotations([], np.empty(0))
    inner, products = _inner(np.array(shown), np.array(moved)[:, : len(shown[0])])
    weight = np.sqrt(len(rows) / len(inner))
    scale = np.sqrt(magnitude + weight**2 * (products**2).sum(axis=0))
    scale = np.maximum(scale, 1e-9 * scale.max())
    stacked = np.concatenate([*rows, weight * inner]) / scale
    squared, vectors = np.linalg.eigh(stacked.T @ stacked)  # far faster than singular values, which end at 1e-8 so
    relative, basis = np.sqrt(np.maximum(squared, 0) / max(float(squared[-1]), 1e-300)), vectors.T
    found: list[Generator] = []
    exact = basis[relative <= EXACT] / scale
    seen_rows = np.concatenate(moved)
    for vector in _moving(exact, seen_rows):
        found.append(_generator(vector, pairs, n, m, float(relative.min())))
    for k in np.flatnonzero((relative > EXACT) & (relative <= NEARLY)):
        for vector in _moving(basis[k : k + 1] / scale, seen_rows):
            found.append(_generator(vector, pairs, n, m, float(relative[k])))
    return Rotations(found, relative)


def turns(generator: Generator) -> Iterator[float]:
    """A quarter, an eighth and a half of the generator's period; none where its frequencies have no common period.

    Quaternions turn by half the angle, so that an eighth of their period is a quarter turn of everything else.
    """
    parts = [generator.state, generator.action]
    frequencies = np.concatenate([np.abs(np.linalg.eigvals(part).imag) for part in parts if part.size])
    frequencies = frequencies[frequencies > 1e-3 * max(frequencies.max(initial=0), 1e-12)]
    if not len(frequencies):
        return
    for divisor in range(1, 5):
        ratios = frequencies / frequencies.min() * divisor
        if np.abs(ratios - np.rint(ratios)).max() < 1e-2 and ratios.max() < SHARPEST * divisor:
            period = 2 * np.pi * divisor / frequencies.min()
            yield from (period / 4, period / 8, period / 2)
            return


def _differentiate(
    simulator: Simulator, state: FloatArray, action: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Jacobian of c by (s, a), c, gradient of the reward, Jacobian of the observation, o, by central differences."""
    n, z = len(state), np.concatenate([state, action])
    slopes, gradient, seen = [], [], []
    for k in range(len(z)):
        ahead, behind = (simulator.step(*np.split(z + s * STEP * np.eye(len(z))[k], [n])) for s in (1, -1))
        slope = (ahead.state - behind.state) / (2 * STEP)
        if k < n:
            slope[k] -= 1
        slopes.append(slope)
        gradient.append((ahead.reward - behind.reward) / (2 * STEP))
        seen.append((ahead.observations[0] - behind.observations[0]) / (2 * STEP))
    here = simulator.step(state, action)
    return np.array(slopes).T, here.state - state, np.array(gradient), np.array(seen).T, here.observations[0]


def _inner(observations: FloatArray, motions: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What generators do to inner products of (samples, dim) observations, a row each, and how large its terms are."""
    products = np.einsum("kd,ldu->klu", observations, motions) / max(float((observations**2).sum(axis=1).mean()), 1e-12)
    rows, columns = np.triu_indices(len(observations))
    one, other = products[rows, columns], products[columns, rows]
    return one + other, np.abs(one) + np.abs(other)


def _pairs(start: int, stop: int) -> list[tuple[int, int]]:
    return [(p, q) for p in range(start, stop) for q in range(p + 1, stop)]


def _moving(basis: FloatArray, observed: FloatArray) -> FloatArray:
    """A basis of what in the span of `basis` moves observations or actions, as sparse as elimination makes it."""
    if not len(basis):
        return basis
    motion = observed @ basis.T
    _, size, right = np.linalg.svd(motion, full_matrices=False)
    kept = right[size > 1e-4 * max(float(size.max(initial=0)), 1e-12)] @ basis
    if not len(kept) or not size.max(initial=0) > 1e-9:
        return basis[:0]
    return _echelon(kept)


def _echelon(rows: FloatArray) -> FloatArray:
    """Reduced row echelon form, with the largest entry of a row for its pivot."""
    rows = rows.copy()
    for k in range(len(rows)):
        best = k + int(np.abs(rows[k:]).max(axis=1).argmax())
        rows[[k, best]] = rows[[best, k]]
        pivot = int(np.abs(rows[k]).argmax())
        rows[k] /= rows[k, pivot]
        others = np.arange(len(rows)) != k
        rows[others] -= rows[others, pivot][:, None] * rows[k]
    return rows


def _generator(vector: FloatArray, pairs: list[tuple[int, int]], n: int, m: int, singular: float) -> Generator:
    vector = vector / np.abs(vector).max()
    halves = np.rint(2 * vector) / 2  # quaternions turn by half the angle
    if np.abs(vector - halves).max() < 0.02:
        vector = halves
    whole = np.zeros((n + m, n + m))
    for value, (p, q) in zip(vector, pairs, strict=True):
        whole[p, q], whole[q, p] = value, -value
    return Generator(whole[:n, :n], whole[n:, n:], singular)


def _snapped(matrix: FloatArray) -> FloatArray:
    """The nearest orthogonal matrix; a signed permutation where that is near."""
    rounded = np.rint(matrix)
    if (
        matrix.size
        and np.abs(matrix - rounded).max() < 0.02
        and np.array_equal(rounded @ rounded.T, np.eye(len(matrix)))
    ):
        return rounded
    left, _, right = np.linalg.svd(matrix)
    nearest: NDArray[np.float64] = left @ right
    return nearest
