"""Errors of a symmetry by setting a simulator to g·s, stepping g·a, and comparing with g·step(s, a)."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, Symmetry

from .comparison import DRAWS, Comparison
from .measurement import Errors, Measurement
from .scales import Scales
from .transitions import FloatArray, Transitions

REPETITIONS = 20
"""Samples, those with the largest errors, that are compared once more to see whether chance is in them."""

SIGMAS = 4.0
"""Standard errors beyond which a distance of drawn outcomes is more than chance."""


def measure_by_simulator(
    env: gymnasium.Env[Any, Any],
    transitions: Transitions,
    symmetry: Symmetry,
    elements: list[int],
    seed: int,
    scales: Scales,
) -> Measurement:
    """Set the simulator to g·s, step it with g·a, and compare with g·step(s, a).

    No two steps are taken with one seed. Where errors change when samples are compared once more, outcomes are random:
    then the errors are Wasserstein distances between drawn ones, and the floors what chance adds to them, so that error
    minus floor is at most the distance in the mean, and 0 where there is none (`held_out`).

    Raises:
        InputError: the symmetry does not fit the state, or the environment rejects a transformed one.
    """
    check_size(symmetry, transitions.states[0])
    comparison = Comparison(env, symmetry, elements, seed, scales)
    pairs = list(zip(transitions.states, transitions.actions, strict=True))
    notes: tuple[str, ...] = ()
    if symmetry.state is None:
        notes += ("no state= is declared: the state is taken to move like the observation",)
    errors, exact, observations, states, shown = comparison.once(pairs)
    shares = np.stack([errors.observation_share, errors.reward / scales.reward, errors.transition_share])
    largest = np.argsort(-np.nan_to_num(shares).max(axis=(0, 1)), kind="stable")[:REPETITIONS]
    again = comparison.once([pairs[k] for k in largest])[0]
    if not shown:
        notes += (
            "set_state returns no observation: those after the step are compared, and only where the states agree",
        )
    method = "simulator set to g·s and stepped with g·a"
    if np.allclose(again.table, errors[:, largest].table, rtol=1e-6, atol=1e-12, equal_nan=True):
        floors = Errors.full((len(elements), len(pairs)))
        return Measurement(
            errors, floors, method, True, exact=exact, observations=observations, states=states, notes=notes
        )
    errors, floors, observations, states = comparison.drawn(pairs)
    if not shown:  # what is observed after a wrong step says nothing of how observations are laid out
        excess = errors.transition - floors.transition
        wrong = excess.mean(axis=1) > SIGMAS * excess.std(axis=1) / np.sqrt(len(pairs))
        errors.observation[wrong] = errors.observation_share[wrong] = np.nan
        if observations is not None:
            observations.found[wrong] = np.nan
    method += f"; outcomes are random, so the distributions of {DRAWS} draws each are compared"
    return Measurement(errors, floors, method, bracketed=True, observations=observations, states=states, notes=notes)


def fits(symmetry: Symmetry, state: FloatArray) -> bool:
    """Whether the symmetry says how such a state moves."""
    return state.shape == (state_representation(symmetry).dim,)


def state_representation(symmetry: Symmetry) -> Representation:
    """How the state moves: as declared, or like the observation."""
    return symmetry.state or symmetry.observation.rep


def check_size(symmetry: Symmetry, state: FloatArray) -> None:
    """Raises InputError where the symmetry does not say how such a state moves."""
    if not fits(symmetry, state):
        source = "its state=" if symmetry.state else "the observation, for want of a state= of its own,"
        dim = state_representation(symmetry).dim
        raise InputError(
            f"get_state() gives an array of shape {state.shape}, the symmetry moves {dim} "
            f"coordinates by {source}; declare state= with one entry for each coordinate of the state"
        )
