"""Errors of a symmetry by setting a simulator to g·s, stepping g·a, and comparing with g·step(s, a)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from nearsym.envs.capabilities import state_getter
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, Symmetry
from nearsym.envs.wrappers import is_image

from .measurement import Errors, Measurement
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


def measure_by_simulator(
    env: gymnasium.Env[Any, Any], transitions: Transitions, symmetry: Symmetry, elements: list[int], seed: int
) -> Measurement:
    """Set the simulator to g·s, step it with g·a, and compare with g·step(s, a).

    Floors are those of one and the same step drawn twice.

    Raises:
        InputError: the symmetry does not fit the state, or the environment rejects a transformed one.
    """
    observation_rep, action_rep = symmetry.observation.rep, symmetry.action
    state_rep = symmetry.state or observation_rep
    _check_size(state_rep, transitions.states[0], symmetry.state is not None)
    pairs = list(zip(transitions.states, transitions.actions, strict=True))
    draws = DRAWS if _random(env, pairs[:REPETITIONS], seed) else 1
    # of an image the mean over pixels: one pixel at an edge says nothing
    metric, unit = ("cityblock", 1 / observation_rep.dim) if is_image(env.observation_space) else ("chebyshev", 1.0)
    errors, floors = Errors.full((len(elements), len(pairs))), Errors.full((len(pairs),))
    for k, (state, action) in enumerate(pairs):
        first = seed + k * (len(elements) + 2) * draws if draws > 1 else seed  # no draw is used twice
        seeds = [[first + block * draws + i for i in range(draws)] for block in range(len(elements) + 2)]
        base = draw(env, state, action, seeds[0])
        if draws > 1:
            floors[k] = _distances(base, draw(env, state, action, seeds[1]), metric)
        for row, g in enumerate(elements):
            expected = Outcomes(
                observation_rep.apply(g, base.observations),
                base.rewards,
                state_rep.apply(g, base.states),
                base.terminated,
            )
            found = draw(env, state_rep.apply(g, state), action_rep.apply(g, action), seeds[2 + row])
            errors[row, k] = _distances(expected, found, metric)
    errors.observation[:] *= unit
    floors.observation[:] *= unit
    method = "simulator set to g·s and stepped with g·a"
    if draws > 1:
        method += f"; outcomes are random, so the distributions of {draws} draws each are compared"
    return Measurement(errors, floors.for_each(len(elements)), method, deterministic=draws == 1)


def draw(env: gymnasium.Env[Any, Any], state: FloatArray, action: FloatArray, seeds: list[int]) -> Outcomes:
    """Set a state, take a step, once for each seed."""
    state_of = state_getter(env)
    assert state_of is not None  # its state can be set
    rows = []
    for seed in seeds:
        at_state = set_state(env, state, seed)
        after, reward, terminated, _, _ = env.step(action.astype(env.action_space.dtype))
        rows.append((flat(env, after) if at_state is None else at_state, float(reward), state_of(), float(terminated)))
    return Outcomes(*(np.array(column) for column in zip(*rows, strict=True)))


def set_state(env: gymnasium.Env[Any, Any], state: FloatArray, seed: int) -> FloatArray | None:
    """Start an episode in a given state; returns the flat observation there, or None where it cannot be told.

    Raises:
        InputError: the environment rejects the state.
    """
    env.reset(seed=seed)  # wrappers and step counters start afresh
    try:
        at_state = env.get_wrapper_attr("set_state")(state)
    except Exception as error:  # whatever a user's own environment raises
        raise InputError(
            f"the environment rejects the state {state.tolist()}: {type(error).__name__}: {error}; a symmetry must "
            "take states to states, so check the symmetry's state="
        ) from error
    return None if at_state is None else flat(env, _through_wrappers(env, at_state))


def _random(env: gymnasium.Env[Any, Any], pairs: list[tuple[FloatArray, FloatArray]], seed: int) -> bool:
    for state, action in pairs:
        one, two = draw(env, state, action, [seed]), draw(env, state, action, [seed + 1])
        if _distances(one, two, "chebyshev").table.any():
            return True
    return False


def _distances(one: Outcomes, two: Outcomes, metric: str) -> Errors:
    """Distances of two sets of outcomes, each quantity for itself; of observations in `metric`."""
    return Errors.of(
        np.array(
            [
                wasserstein(one.observations, two.observations, metric),
                np.abs(np.sort(one.rewards) - np.sort(two.rewards)).mean(),
                wasserstein(one.states, two.states, "euclidean"),
                abs(one.terminated.mean() - two.terminated.mean()),
            ]
        )
    )


def _check_size(rep: Representation, state: FloatArray, declared: bool) -> None:
    if state.shape != (rep.dim,):
        source = "its state=" if declared else "the observation, for want of a state= of its own,"
        raise InputError(
            f"get_state() gives an array of shape {state.shape}, the symmetry moves {rep.dim} coordinates by {source}; "
            "declare state= with one entry for each coordinate of the state"
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
