"""Sampled transitions of an environment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

Policy = Callable[[Any], FloatArray]
"""From an observation to an action."""

EPISODE = 50
"""Steps of one sampling episode: short, so that many starts are seen."""


@dataclass(frozen=True)
class Transitions:
    """Transitions (s, a, r, s'), observations flattened.

    Attributes:
        observations: (samples, observation_dim).
        actions: (samples, action_dim).
        rewards: (samples,).
        next_observations: (samples, observation_dim).
        terminated: (samples,) whether the episode ended there for good.
        states: (samples, state_dim) of an environment with get_state; otherwise the observations.
        next_states: the same after the step.
        episodes: (samples,) number of the episode each belongs to.
    """

    observations: FloatArray
    actions: FloatArray
    rewards: FloatArray
    next_observations: FloatArray
    terminated: NDArray[np.bool_]
    states: FloatArray
    next_states: FloatArray
    episodes: NDArray[np.intp]


def sample_transitions(
    env: gymnasium.Env[Any, Any], samples: int, seed: int, policy: Policy | None = None
) -> Transitions:
    """Transitions of short episodes of random actions; with a `policy`, it acts in half the steps of every second one.

    A policy's own states are where it matters that a symmetry holds, random actions are what tells actions apart.
    """
    space = env.action_space
    space.seed(seed)
    with_state = env.has_wrapper_attr("get_state")
    rows: list[tuple[FloatArray, FloatArray, float, FloatArray, bool, FloatArray, FloatArray, int]] = []

    def state_of(observation: FloatArray) -> FloatArray:
        return np.array(env.get_wrapper_attr("get_state")(), dtype=np.float64) if with_state else observation

    episode = 0
    while len(rows) < samples:
        observation, _ = env.reset(seed=seed + episode)
        for step in range(EPISODE):
            action = np.asarray(space.sample())
            if policy is not None and episode % 2 == 1 and step % 2 == 1:
                action = np.asarray(policy(observation)).astype(space.dtype)
            before = flat(env, observation)
            state = state_of(before)
            observation, reward, terminated, truncated, _ = env.step(action)
            after = flat(env, observation)
            taken = action.astype(np.float64)
            rows.append((before, taken, float(reward), after, bool(terminated), state, state_of(after), episode))
            if terminated or truncated or len(rows) == samples:
                break
        episode += 1
    observations, actions, rewards, following, ended, states, next_states, episodes = zip(*rows, strict=True)
    return Transitions(
        np.array(observations),
        np.array(actions),
        np.array(rewards),
        np.array(following),
        np.array(ended, dtype=bool),
        np.array(states),
        np.array(next_states),
        np.array(episodes),
    )


def flat(env: gymnasium.Env[Any, Any], observation: Any) -> FloatArray:
    """An observation as one vector, Dict keys in the space's order."""
    if isinstance(observation, dict):
        spaces = env.observation_space.spaces  # type: ignore[attr-defined]
        observation = np.concatenate([np.ravel(observation[key]) for key in spaces])
    return np.ravel(np.asarray(observation, dtype=np.float64))
