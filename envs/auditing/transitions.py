"""Sampled transitions of an environment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.capabilities import state_getter
from nearsym.envs.rollout import Policy, Remembering, acting, each, rollout
from nearsym.envs.vector import vectorised

FloatArray = NDArray[np.float64]

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

    def observed(self) -> Transitions:
        """The same with the observations for states."""
        return replace(self, states=self.observations, next_states=self.next_observations)


def sample_transitions(
    env: gymnasium.Env[Any, Any], samples: int, seed: int, policy: Policy | Remembering | None = None
) -> Transitions:
    """Transitions of short episodes of random actions; with a `policy`, it acts in half the steps of every second one.

    A policy's own states are where it matters that a symmetry holds, random actions are what tells actions apart.
    """
    space, state_of = env.action_space, state_getter(env)
    space.seed(seed)
    rows: list[tuple[Any, ...]] = []  # in the order of the attributes
    begun: list[FloatArray] = []
    policy_acts, policy_begins = (None, None) if policy is None else acting(policy)

    def act(observations: Any, memory: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        (observation,), (episode, step) = each(observations), memory["steps"][0]
        begun.append(flat(env, observation) if state_of is None else state_of())
        actions, following = np.asarray(space.sample())[None], {**memory, "steps": memory["steps"] + [0, 1]}
        remembers = policy_begins is not None
        if policy_acts is not None and episode % 2 == 1 and (step % 2 == 1 or remembers):
            chosen, remembered = policy_acts(observations, memory.get("policy"))
            if step % 2 == 1:
                actions = np.asarray(chosen).astype(space.dtype)
            if remembers:
                following["policy"] = remembered
        return actions, following

    def beginning(episodes: NDArray[np.intp]) -> dict[str, Any]:
        steps = {"steps": np.stack([episodes, np.zeros_like(episodes)], axis=1)}
        return steps if policy_begins is None else {**steps, "policy": policy_begins(episodes)}

    for step in rollout(vectorised(env), act, beginning, lambda episode: seed + episode, EPISODE):
        before, after = (flat(env, next(each(observed))) for observed in (step.observations, step.next_observations))
        state = after if state_of is None else state_of()
        taken = step.actions[0].astype(np.float64)
        rows.append((before, taken, step.rewards[0], after, step.terminated[0], begun[-1], state, step.episodes[0]))
        if len(rows) == samples:
            break
    return Transitions(*(np.array(column) for column in zip(*rows, strict=True)))


def flat(env: gymnasium.Env[Any, Any], observation: Any) -> FloatArray:
    """An observation as one vector, Dict keys in the space's order."""
    if isinstance(observation, dict):
        spaces = env.observation_space.spaces  # type: ignore[attr-defined]
        observation = np.concatenate([np.ravel(observation[key]) for key in spaces])
    return np.ravel(np.asarray(observation, dtype=np.float64))
