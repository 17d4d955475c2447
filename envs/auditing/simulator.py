"""Errors of a symmetry by setting a simulator to g·s, stepping g·a, and comparing with g·step(s, a)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation

from .transitions import FloatArray, Transitions, flat

REPETITIONS = 20
"""Samples on which a step is repeated to see whether the environment is deterministic."""

DRAWS = 16
"""Outcomes drawn of each step of an environment that is not."""


@dataclass(frozen=True)
class Outcomes:
    """Drawn outcomes of one step from a given state; (draws, …) each."""

    observations: FloatArray  # at the state itself where set_state tells it, after the step elsewhere
    rewards: FloatArray
    states: FloatArray
    terminated: FloatArray


def simulator_errors(
    env: gymnasium.Env[Any, Any],
    transitions: Transitions,
    seen: Representation,
    action_rep: Representation,
    state_rep: Representation,
    elements: list[int],
    seed: int,
    image: bool,
) -> tuple[FloatArray, FloatArray, int]:
    """(elements, samples, 4) errors, (samples, 4) of one and the same step drawn twice, and the number of draws.

    Raises:
        InputError: the environment rejects a transformed state.
    """
    pairs = list(zip(transitions.states, transitions.actions, strict=True))
    draws = DRAWS if _random(env, pairs[:REPETITIONS], seed) else 1
    # of an image the mean over pixels: one pixel at an edge says nothing
    observed, unit = ("cityblock", 1 / seen.dim) if image else ("chebyshev", 1.0)
    errors = np.zeros((len(elements), len(pairs), 4))
    floors = np.zeros((len(pairs), 4))
    for k, (state, action) in enumerate(pairs):
        first = seed + k * (len(elements) + 2) * draws if draws > 1 else seed  # no draw is used twice
        seeds = [[first + block * draws + i for i in range(draws)] for block in range(len(elements) + 2)]
        base = draw(env, state, action, seeds[0])
        if draws > 1:
            floors[k] = _distances(base, draw(env, state, action, seeds[1]), observed)
        for row, g in enumerate(elements):
            moved = Outcomes(
                seen.apply(g, base.observations), base.rewards, state_rep.apply(g, base.states), base.terminated
            )
            other = draw(env, state_rep.apply(g, state), action_rep.apply(g, action), seeds[2 + row])
            errors[row, k] = _distances(moved, other, observed)
    errors[..., 0] *= unit
    floors[..., 0] *= unit
    return errors, floors, draws


def draw(env: gymnasium.Env[Any, Any], state: FloatArray, action: FloatArray, seeds: list[int]) -> Outcomes:
    """Set a state, take a step, once for each seed."""
    rows = []
    for seed in seeds:
        here = set_state(env, state, seed)
        after, reward, terminated, _, _ = env.step(action.astype(env.action_space.dtype))
        rows.append(
            (
                flat(env, after) if here is None else here,
                float(reward),
                np.array(env.get_wrapper_attr("get_state")(), dtype=np.float64),
                float(terminated),
            )
        )
    observations, rewards, states, ended = zip(*rows, strict=True)
    return Outcomes(np.array(observations), np.array(rewards), np.array(states), np.array(ended))


def set_state(env: gymnasium.Env[Any, Any], state: FloatArray, seed: int) -> FloatArray | None:
    """Start an episode in a given state; returns the flat observation there, or None where it cannot be told.

    Raises:
        InputError: the environment rejects the state.
    """
    env.reset(seed=seed)  # wrappers and step counters start afresh
    try:
        here = env.get_wrapper_attr("set_state")(state)
    except Exception as error:  # whatever a user's own environment raises
        raise InputError(
            f"the environment rejects the state {state.tolist()}: {type(error).__name__}: {error}; a symmetry must "
            "take states to states, so check the symmetry's state="
        ) from error
    return None if here is None else flat(env, _through_wrappers(env, here))


def _random(env: gymnasium.Env[Any, Any], pairs: list[tuple[FloatArray, FloatArray]], seed: int) -> bool:
    for state, action in pairs:
        one, two = draw(env, state, action, [seed]), draw(env, state, action, [seed + 1])
        if _distances(one, two, "chebyshev").any():
            return True
    return False


def _distances(one: Outcomes, two: Outcomes, observed: str) -> FloatArray:
    """(4,) distances of two sets of outcomes, each quantity for itself; of observations in the metric `observed`."""
    return np.array(
        [
            wasserstein(one.observations, two.observations, observed),
            np.abs(np.sort(one.rewards) - np.sort(two.rewards)).mean(),
            wasserstein(one.states, two.states, "euclidean"),
            abs(one.terminated.mean() - two.terminated.mean()),
        ]
    )


def wasserstein(one: FloatArray, two: FloatArray, metric: str) -> float:
    """The 1-Wasserstein distance between the empirical distributions of (draws, dim) points each.

    With equal weights the cheapest transport is an assignment; of one draw each it is their distance.
    """
    cost = cdist(one, two, metric)
    rows, columns = linear_sum_assignment(cost)
    return float(cost[rows, columns].mean())


def _through_wrappers(env: gymnasium.Env[Any, Any], observation: Any) -> Any:
    """What the outermost environment would have shown of an observation of the innermost."""
    if isinstance(env, gymnasium.ObservationWrapper):
        return env.observation(_through_wrappers(env.env, observation))
    return _through_wrappers(env.env, observation) if isinstance(env, gymnasium.Wrapper) else observation
