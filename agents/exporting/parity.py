"""Whether an exported policy does what the trained one does, on observations that it meets."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.agents.algorithms import Learner
from nearsym.envs.errors import InputError

from .formats import Act

TOLERANCE = 1e-5
"""Largest difference between actions, as a fraction of half the range that the environment allows them."""

Array = NDArray[Any]


def met(learner: Learner, env: gymnasium.Env[Any, Any], count: int, seed: int) -> Array:
    """(count, …) observations that the deterministic policy meets in its own episodes, of every third step."""
    found: list[Array] = []
    observation, _ = env.reset(seed=seed)
    step = 0
    while len(found) < count:
        if step % 3 == 0:
            found.append(np.array(observation))
        action, _ = learner.predict(observation)
        observation, _, terminated, truncated, _ = env.step(action)
        step += 1
        if terminated or truncated:
            observation, _ = env.reset()
    dtype = np.uint8 if learner.problem.is_image else np.float32
    return np.stack(found).astype(dtype)


def check_parity(exported: Act, observations: Array, actions: Array, space: gymnasium.Space[Any]) -> float:
    """The largest difference, in halves of the range of actions; of discrete actions the share that differ.

    Args:
        exported: the policy as it was read back.
        observations: (batch, …).
        actions: (batch, …) of the trained policy.
        space: of actions.

    Raises:
        InputError: it is above `TOLERANCE`.
    """
    together, alone = exported(observations), np.concatenate([exported(one[None]) for one in observations[:5]])
    pairs = (together, actions), (alone, actions[: len(alone)])
    if isinstance(space, gymnasium.spaces.Box):
        half = (space.high.astype(np.float64) - space.low) / 2
        difference = max(float((np.abs(there - here) / half).max()) for there, here in pairs)
    else:
        difference = max(float((there != here).mean()) for there, here in pairs)
    if not difference <= TOLERANCE:
        raise InputError(
            f"the exported policy differs from the trained one by {difference:.2g} of half the range of actions on "
            f"{len(actions)} observations, expected at most {TOLERANCE:g}; nothing was written. Please report it with "
            "the run's config.yaml"
        )
    return difference
