"""What it costs to believe a symmetry: how much worse real transitions are predicted when images count as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from nearsym.envs.symmetry import Symmetry

from .judgement import NEARLY, SIGMAS
from .neighbours import invariant_scale, local_fit
from .standard_error import standard_error
from .transitions import EPISODE, FloatArray, Transitions

TOLERATED = NEARLY / 2
"""Cost up to which an element holds: a fit to both sides lies half way between, so half of an audit's line."""

QUERIES = 1000
"""Transitions that are predicted; more tell little more and take longer."""

LARGEST = 64
"""Numbers of an observation and an action together up to which neighbours are near enough to say something."""


@dataclass(frozen=True, eq=False)
class Tying:
    """What it costs to believe each known element, in units of what it is about.

    Attributes:
        cost: (rows,) mean increase of the error: of the reward relative to its standard deviation, of an observed
            number relative to what a step usually changes of it, of the end of an episode as a probability.
        doubt: (rows,) its standard error.
        about: (rows,) what it is an error of: 0 the reward, 1 the end, 2 + i the number i of the observation.
    """

    cost: FloatArray
    doubt: FloatArray
    about: NDArray[np.intp]

    def holds(self, tolerated: float = TOLERATED) -> NDArray[np.bool_]:
        """(rows,) whether no cost above what is tolerated is certain, by four standard errors of being above 0."""
        return (self.cost <= tolerated) | (self.cost <= SIGMAS * self.doubt)


def cost_of_tying(
    symmetry: Symmetry, transitions: Transitions, generator: np.random.Generator, rows: Sequence[int] | None = None
) -> Tying | None:
    """Compare predictions of transitions from transitions, with predictions from these and their images under g.

        cost(g) = mean |f_g(o, a) - y| - mean |f(o, a) - y|,        y = (r, end, o' - o)

    f is a local linear fit to the nearest transitions of other episodes, f_g one to the nearest of these and of
    (go, ga, r, go'). Where g holds, images are more data, and f_g is the better one. Where it does not, f_g lies
    between what happens here and what happens there. Images that lie where nothing was seen are no transition's
    neighbours and change nothing: an element costs nothing by what it says of places where nobody goes. An audit that
    predicts what would happen at (go, ga) has to tell that from its own errors there.

    Args:
        symmetry: of the observations as they are.
        transitions: what was experienced; samples of one episode count as one.
        generator: draws which are predicted, where there are many.
        rows: known elements that are asked about; all others cost nothing.

    Returns:
        None where there are too few transitions for a fit, or their numbers are too many.
    """
    rep = symmetry.observation.rep
    joint = rep.direct_sum(symmetry.action)
    points = np.concatenate([transitions.observations, transitions.actions], axis=1)
    neighbours = 2 * (joint.dim + 1)
    if len(points) < neighbours + 2 * EPISODE or joint.dim > LARGEST:
        return None
    change = transitions.next_observations - transitions.observations
    images = np.concatenate([rep.apply(g, change) for g in range(rep.group.rows)])
    moved, spread = np.sqrt(np.mean(images**2, axis=0)), float(transitions.rewards.std())
    moved, spread = np.where(moved > 0, moved, 1.0), spread if spread > 0 else 1.0
    here = np.column_stack([transitions.rewards / spread, transitions.terminated, change / moved])
    scale, episodes = invariant_scale(joint, points), transitions.episodes
    count = min(QUERIES, len(points))
    asked = np.sort(generator.choice(len(points), count, replace=False))
    truth, asking = here[asked], episodes[asked]

    def errors(data: FloatArray, targets: FloatArray, times: int) -> FloatArray:
        numbers = np.tile(episodes, times)
        queries = points[asked] / scale
        fitted, _ = local_fit(cKDTree(data / scale), queries, targets, numbers, asking, neighbours, times * EPISODE)
        return np.abs(fitted - truth)

    alone = errors(points, here, 1)
    cost, doubt = np.zeros(rep.group.rows), np.zeros(rep.group.rows)
    about = np.zeros(rep.group.rows, dtype=np.intp)
    identity = {0} if rep.group.listed else set()
    for g in range(rep.group.rows) if rows is None else rows:
        if g in identity:
            continue
        there = np.column_stack([here[:, :2], rep.apply(g, change) / moved])
        both = np.concatenate([points, joint.apply(g, points)]), np.concatenate([here, there])
        excess = errors(*both, 2) - alone
        mean, error = excess.mean(axis=0), standard_error(excess, asking)
        about[g] = largest = int(np.argmax(mean - SIGMAS * error))
        cost[g], doubt[g] = mean[largest], error[largest]
    return Tying(cost, doubt, about)
