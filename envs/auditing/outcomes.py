"""Drawing outcomes of a step from a state that a simulator is put into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.capabilities import state_getter, state_setter
from nearsym.envs.errors import InputError, told

from .transitions import FloatArray, flat


@dataclass(frozen=True)
class Outcomes:
    """Drawn outcomes of one step from a given state; (draws, …) each."""

    observations: FloatArray  # at the state itself where set_state tells it, after the step elsewhere
    rewards: FloatArray
    states: FloatArray
    terminated: FloatArray
    shown: bool  # whether set_state tells what is observed


def draw(env: gymnasium.Env[Any, Any], state: FloatArray, action: FloatArray, seeds: list[int]) -> Outcomes:
    """Set a state, take a step, once for each seed."""
    state_of = state_getter(env)
    assert state_of is not None  # its state can be set
    rows = []
    at_state = None
    for seed in seeds:
        at_state = set_state(env, state, seed)
        after, reward, terminated, _, _ = env.step(action.astype(env.action_space.dtype))
        rows.append((flat(env, after) if at_state is None else at_state, float(reward), state_of(), float(terminated)))
    seen, rewards, states, ended = (np.array(column) for column in zip(*rows, strict=True))
    return Outcomes(seen, rewards, states, ended, at_state is not None)


def set_state(env: gymnasium.Env[Any, Any], state: FloatArray, seed: int) -> FloatArray | None:
    """Start an episode in a given state; returns the flat observation there, or None where it cannot be told.

    Raises:
        InputError: the environment rejects the state.
    """
    put = state_setter(env)
    assert put is not None  # it can be set
    env.reset(seed=seed)  # wrappers and step counters start afresh
    try:
        at_state = put(state)
    except (Exception, SystemExit) as error:  # whatever a user's own environment raises
        raise InputError(
            f"the environment rejects the state {state.tolist()}: {told(error)}; a symmetry must take states to "
            "states, so check the symmetry's state="
        ) from error
    if at_state is None:
        return None
    size = gymnasium.spaces.flatdim(env.observation_space)
    try:
        seen = flat(env, _through_wrappers(env, at_state))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise InputError(
            f"set_state returns a {type(at_state).__name__} that is no observation of {env.observation_space} "
            f"({error}); expected the {size} numbers that are observed at the state, or None"
        ) from error
    if seen.shape != (size,) or not np.isfinite(seen).all():
        finite = np.isfinite(seen).sum()
        raise InputError(
            f"set_state returns an observation of {seen.size} numbers, {finite} of them finite; expected "
            f"the {size} finite numbers that are observed at the state {state.tolist()}, or None"
        )
    return seen


def _through_wrappers(env: gymnasium.Env[Any, Any], observation: Any) -> Any:
    """What the outermost environment would have shown of an observation of the innermost."""
    if isinstance(env, gymnasium.ObservationWrapper):
        return env.observation(_through_wrappers(env.env, observation))
    return _through_wrappers(env.env, observation) if isinstance(env, gymnasium.Wrapper) else observation
