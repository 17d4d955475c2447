"""Whether an exported policy does what the trained one does, on observations that it meets."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray

from nearsym.agents.algorithms import Learner
from nearsym.envs.errors import InputError

from .formats import Act

TOLERANCE = 1e-5
"""Largest difference between actions, as a fraction of half the range that the environment allows them."""

ALONE = 5
"""Observations that are tried alone too."""

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


def check_parity(exported: Act, learner: Learner, observations: Array) -> float:
    """How far actions are from the learner's, in halves of their range; of discrete ones how much worse in its scores.

    Discrete actions are not compared by their numbers: where two are as good as each other, as in a state that a mirror
    leaves where it is, rounding decides.

    Args:
        exported: the policy as it was read back.
        learner: the trained policy.
        observations: (batch, …); the first are given alone as well.

    Raises:
        InputError: it is above `TOLERANCE`.
    """
    space: Any = learner.problem.action_space
    found = np.concatenate([exported(observations), *(exported(one[None]) for one in observations[:ALONE])])
    asked = np.concatenate([observations, observations[:ALONE]])
    flat = torch.from_numpy(asked).flatten(1)
    with torch.no_grad():
        scores = learner.scores(flat if learner.problem.is_image else flat.float())
    if scores is None:
        expected, _ = learner.act(asked, None, explore=False)
        half = (space.high.astype(np.float64) - space.low) / 2
        difference = float((np.abs(found - expected) / half).max())
    else:
        best, chosen = (
            scores.max(dim=1).values,
            scores[torch.arange(len(scores)), torch.from_numpy(found) - space.start],
        )
        difference = float((best - chosen).max() / scores.abs().max().clamp(min=1e-12))
    if not difference <= TOLERANCE:
        raise InputError(
            f"the exported policy differs from the trained one by {difference:.2g} on {len(observations)} observations "
            f"(of half the range of actions, or of the best score), expected at most {TOLERANCE:g}; nothing was "
            "written. Please report it with the run's config.yaml"
        )
    return difference
