"""Errors of a symmetry from sampled transitions alone: what its neighbours say would have happened at (gs, ga)."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, Symmetry

from .measurement import Errors, Measurement
from .scales import Scales
from .standard_error import standard_error
from .transitions import EPISODE, FloatArray, Transitions

REACH = 0.99
"""An image is within reach when its neighbours are as near as those of this fraction of the samples themselves."""

ALIKE = 50
"""Samples whose neighbours are equally far away, over which the resolution there is averaged."""

RIDGE = 1e-3
"""Keeps a local slope finite in directions in which neighbours do not differ."""

LEAST = 20
"""Images within reach below which nothing is said."""


def measure_by_neighbours(
    env: gymnasium.Env[Any, Any],
    transitions: Transitions,
    symmetry: Symmetry,
    elements: list[int],
    seed: int,
    scales: Scales,
) -> Measurement:
    """Predict what would have happened at (go, ga) from the nearest sampled transitions; the state is the observation.

    The outcome at z = (go, ga) is predicted from the nearest sampled transitions by a local linear fit of reward,
    termination and o' - o, and compared with g times what happened at (o, a). The fit is imperfect: how imperfect
    is seen at the samples themselves, each predicted from other episodes, and the floor of an error is the
    average there over samples whose neighbours are as far away. Samples whose image is out of reach are NaN, and so are
    all errors of the observation.

    Raises:
        InputError: too few transitions for a fit, or hardly any image lies where transitions were seen.
    """
    observation_rep = symmetry.observation.rep
    joint = observation_rep.direct_sum(symmetry.action)
    points = np.concatenate([transitions.observations, transitions.actions], axis=1)
    change = transitions.next_observations - transitions.observations
    targets = np.column_stack([transitions.rewards, transitions.terminated, change])
    neighbours = 2 * (joint.dim + 1)
    if len(points) < neighbours + EPISODE:
        raise InputError(
            f"samples is {len(points)}; an audit from transitions alone fits each from {neighbours} of other episodes, "
            f"so it needs at least {neighbours + EPISODE}, and ten times as many to say much"
        )
    scale = invariant_scale(joint, points)
    tree = cKDTree(points / scale)
    own, distances = local_fit(tree, points / scale, targets, transitions.episodes, transitions.episodes, neighbours)
    resolution = _errors(targets, own, scales.state)
    order = np.argsort(distances)
    window = min(ALIKE, len(points))
    smooth = [np.convolve(column[order], np.ones(window) / window, "valid") for column in resolution]
    centres = np.convolve(distances[order], np.ones(window) / window, "valid")
    reach = np.quantile(distances, REACH)

    errors, floors = (Errors.full((len(elements), len(points)), np.nan) for _ in range(2))
    for row, g in enumerate(elements):
        images, episodes = joint.apply(g, points) / scale, transitions.episodes
        predicted, far = local_fit(tree, images, targets, episodes, episodes, neighbours)
        expected = np.column_stack([targets[:, :2], observation_rep.apply(g, change)])
        near = far <= reach
        if near.sum() < LEAST:
            raise InputError(
                f"only {near.sum()} of {len(points)} samples have an image under {joint.group.names[g]} where "
                "transitions were seen, so nothing can be said from them; take more samples, or give the "
                "environment get_state and set_state"
            )
        errors[row, near] = _errors(expected, predicted, scales.state)[near]
        floors[row, near] = Errors(*(np.interp(far[near], centres, column) for column in smooth))
    method = "the state cannot be set, so (gs, ga) is predicted from the nearest of the sampled transitions"
    uncertainty = Errors.of(standard_error(resolution.table, transitions.episodes))
    return Measurement(errors, floors, method, uncertainty=uncertainty)


def invariant_scale(rep: Representation, points: FloatArray) -> FloatArray:
    """(dim,) standard deviation of each coordinate over all images of the points, so that distances are invariant."""
    images = np.concatenate([rep.apply(g, points) for g in range(rep.group.rows)])
    deviation = images.std(axis=0)
    return np.where(deviation > 0, deviation, 1.0)


def local_fit(
    tree: cKDTree,
    queries: FloatArray,
    targets: FloatArray,
    episodes: NDArray[np.intp],
    asking: NDArray[np.intp],
    neighbours: int,
    alike: int = EPISODE,
) -> tuple[FloatArray, FloatArray]:
    """Predictions by a linear fit to the nearest points, weighted by how near they are.

    A query sees no point of its own episode: those follow it so closely that no image has neighbours like them.

    Args:
        tree: of the (points, dim) points.
        queries: (queries, dim).
        targets: (points, targets) what happened at the points.
        episodes: (points,) number of the episode of each.
        asking: (queries,) the same of each query.
        neighbours: points that are fitted.
        alike: the most points of one episode.

    Returns:
        (queries, targets) predictions, and the (queries,) distance of the farthest neighbour used.
    """
    distance, index = tree.query(queries, k=min(neighbours + alike, len(targets)))
    own = episodes[index] == asking[:, None]
    keep = np.argsort(own, axis=1, kind="stable")[:, :neighbours]  # others first, the nearest first among them
    distance, index = np.take_along_axis(distance, keep, axis=1), np.take_along_axis(index, keep, axis=1)
    farthest = np.maximum(distance.max(axis=1, keepdims=True), 1e-12)
    offset = (tree.data[index] - queries[:, None, :]) / farthest[..., None]
    ones = np.ones((*offset.shape[:2], 1))
    design = np.concatenate([ones, offset], axis=2)
    weight = (1 - (distance / farthest) ** 2 * 0.9)[..., None]  # nearer ones count more
    penalty = np.eye(design.shape[2]) * RIDGE
    penalty[0, 0] = 1e-12  # the value itself is free
    gram = np.einsum("kni,knj->kij", design * weight, design) + penalty
    moment = np.einsum("kni,knt->kit", design * weight, targets[index])
    return np.linalg.solve(gram, moment)[:, 0, :], farthest[:, 0]


def _errors(expected: FloatArray, predicted: FloatArray, scale: FloatArray) -> Errors:
    """(samples,) errors of (samples, 2 + observation_dim) rewards, terminations and changes."""
    difference = np.abs(expected - predicted)
    unknown, moved = np.full(len(difference), np.nan), difference[:, 2:]
    share = (moved / scale).max(axis=1)
    return Errors(unknown, difference[:, 0], np.linalg.norm(moved, axis=1), difference[:, 1], unknown, share)
