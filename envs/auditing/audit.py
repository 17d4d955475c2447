"""Auditing a declared symmetry."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, Symmetry
from nearsym.envs.wrappers import is_image, symmetry_of

from .neighbours import neighbour_errors
from .report import AuditReport, Comparison, Worst, element_report, means
from .simulator import simulator_errors
from .transitions import FloatArray, Policy, Transitions, sample_transitions


def audit(
    env: gymnasium.Env[Any, Any],
    symmetry: Symmetry | None = None,
    samples: int = 1000,
    seed: int = 0,
    policy: Policy | None = None,
) -> AuditReport:
    """Measure how well a symmetry holds, element by element.

    For sampled (s, a) and every element g the simulator is put to g·s and stepped with g·a:

        observation   |o(gs) - g o(s)|, the largest coordinate, or the mean over pixels of an image
        reward        |R(gs, ga) - R(s, a)|
        transition    ‖s'(gs, ga) - g s'(s, a)‖

    Where the same step does not always give the same, 16 outcomes are drawn of each and the errors are
    1-Wasserstein distances between them, held against the distance of two sets of draws of one and the same
    step. Where the state cannot be set, what would have happened at (gs, ga) is predicted from the nearest sampled
    transitions, with the observation for a state, held against the same prediction of the samples themselves. An
    environment that knows better has a method ``symmetry_errors(symmetry, elements, states, seed)``, which returns
    (elements, samples, 4) errors, their floors, the (4,) standard error all samples share, and the method in words.

    Args:
        env: an environment, best with ``get_state() -> ndarray`` and ``set_state(ndarray)``. Where set_state returns
            the observation at the new state, that is compared; otherwise the observation after the step is, and an
            error of the transition shows in it too.
        symmetry: the declared symmetry; by default the environment's own. Its `state` says how the state
            transforms, by default like the observation.
        samples: pairs of state and action.
        seed: of the sampling.
        policy: actions to visit states with; see `sample_transitions`.

    Raises:
        InputError: no symmetry is declared, the symmetry does not fit the state, a transformed state is rejected,
            or transitions alone say too little.
    """
    symmetry = symmetry or symmetry_of(env)
    if symmetry is None:
        raise InputError("no symmetry is declared; pass symmetry=… or wrap the environment in nearsym.envs.declare")
    if samples < 1:
        raise InputError(f"samples is {samples}, expected a whole number >= 1")
    symmetry.check_spaces(env.observation_space, env.action_space)
    seen = symmetry.ordered(env.observation_space).observation.rep
    group = symmetry.group
    moved = [g for g in range(group.rows) if not (group.listed and g == 0)] or [0]
    transitions = sample_transitions(env, samples, seed, policy)

    image = is_image(env.observation_space)
    if env.has_wrapper_attr("symmetry_errors"):
        measure = env.get_wrapper_attr("symmetry_errors")
        errors, floors, uncertainty, method = measure(symmetry, moved, transitions.states, seed)
        resolved = False
    elif env.has_wrapper_attr("get_state") and env.has_wrapper_attr("set_state"):
        state_rep = symmetry.state or seen
        _check_size(state_rep, transitions.states[0], symmetry.state is not None)
        errors, floor, draws = simulator_errors(env, transitions, seen, symmetry.action, state_rep, moved, seed, image)
        floors, uncertainty = np.broadcast_to(floor, errors.shape), np.zeros(4)
        resolved = draws == 1
        method = "simulator set to g·s and stepped with g·a"
        if not resolved:
            method += f"; outcomes are random, so the distributions of {draws} draws each are compared"
    else:
        errors, floors, uncertainty = neighbour_errors(transitions, seen, symmetry.action, moved)
        resolved = False
        method = "the state cannot be set, so (gs, ga) is predicted from the nearest of the sampled transitions"
    scales = _scales(transitions)
    comparison = Comparison(scales, resolved, transitions.episodes, uncertainty)
    return AuditReport(
        group=group.name,
        samples=samples,
        seed=seed,
        method=method,
        elements=tuple(
            element_report(group.names[g], errors[row], floors[row], comparison) for row, g in enumerate(moved)
        ),
        scales=means(scales),
        worst=_worst(errors, [group.names[g] for g in moved], transitions),
        states=transitions.states,
        errors=errors,
    )


def _scales(transitions: Transitions) -> FloatArray:
    """(4,) what mean errors of observation, reward, transition and termination are held against."""
    step = np.linalg.norm(transitions.next_states - transitions.states, axis=1)
    return np.array(
        [transitions.observations.std(axis=0).max(), transitions.rewards.std(), np.sqrt(np.mean(step**2)), 1.0]
    )


def _check_size(rep: Representation, state: FloatArray, declared: bool) -> None:
    if state.shape != (rep.dim,):
        source = "its state=" if declared else "the observation, for want of a state= of its own,"
        raise InputError(
            f"get_state() gives an array of shape {state.shape}, the symmetry moves {rep.dim} coordinates by {source}; "
            "declare state= with one entry for each coordinate of the state"
        )


def _worst(errors: FloatArray, names: list[str], transitions: Transitions) -> Worst:
    total = errors[:, :, 1:3].sum(axis=2)
    row, k = np.unravel_index(int(np.nanargmax(total)), total.shape)
    return Worst(
        element=names[int(row)],
        state=transitions.states[int(k)].tolist(),
        action=transitions.actions[int(k)].tolist(),
        reward_error=float(errors[row, k, 1]),
        transition_error=float(errors[row, k, 2]),
    )
