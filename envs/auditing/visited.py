"""Where a symmetry matters: which elements move the situations that an agent meets to others that it meets."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from nearsym.envs.rollout import Policy, Remembering, acting, each, rollout
from nearsym.envs.symmetry import Representation
from nearsym.envs.vector import vectorised

from .neighbours import invariant_scale
from .transitions import FloatArray, flat

EPISODES, LONGEST, EVERY = 20, 250, 5
"""Episodes looked at, steps of each at most, and one in how many of these: neighbouring steps say the same."""

REACH = 0.95
"""An image is visited when it is as near to what other episodes visit as this fraction of the visited is."""


def visited_images(
    env: gymnasium.Env[Any, Any], policy: Policy | Remembering, rep: Representation, seed: int
) -> FloatArray:
    """(elements,) share of the observations o in episodes of a policy whose image ρ(g) o is visited as well.

    An exact network ties what it does at o to what it does at ρ(g) o. That helps, or harms, where both are met: an
    element whose images are never visited neither saves samples nor, where it is broken, costs return. The share
    is REACH for the identity, and about that for an element that leaves starts, goals and dynamics alone.

    Args:
        env: an environment with observations that `rep` acts on, flattened.
        policy: whose episodes are looked at.
        rep: representation on the observation.
        seed: of the episodes.
    """
    dtype, points, episodes, age = env.action_space.dtype, [], [], 0
    policy_acts, beginning = acting(policy)

    def act(observations: Any, memory: Any) -> tuple[Any, Any]:
        actions, following = policy_acts(observations, memory)
        return np.asarray(actions).astype(dtype), following

    for step in rollout(vectorised(env), act, beginning, lambda episode: seed + episode, LONGEST):
        age = 0 if step.first[0] else age + 1
        if age % EVERY == 0:
            points.append(flat(env, next(each(step.observations))))
            episodes.append(step.episodes[0])
        if step.ended[0] and step.episodes[0] == EPISODES - 1:
            break
    return image_shares(np.array(points), np.array(episodes), rep)


def image_shares(points: FloatArray, episodes: NDArray[np.intp], rep: Representation) -> FloatArray:
    """(elements,) share of points whose image is as near to points of other episodes as REACH of the points are.

    Args:
        points: (n, rep.dim).
        episodes: (n,) the episode each belongs to. Points of one's own episode do not count: they are near because they
            follow one another.
        rep: representation on the points.
    """
    scale = invariant_scale(rep, points)
    tree, longest = cKDTree(points / scale), int(np.bincount(episodes).max())

    def nearest(queries: FloatArray) -> FloatArray:
        distance, index = tree.query(queries / scale, k=min(longest + 1, len(points)))
        return np.where(episodes[index] == episodes[:, None], np.inf, distance).min(axis=1)

    reach = np.quantile(nearest(points), REACH)
    images = (rep.apply(g, points) for g in range(rep.group.rows))
    return np.array([(nearest(image) <= reach * (1 + 1e-9)).mean() for image in images])
