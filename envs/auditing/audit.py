"""Auditing a declared symmetry."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.capabilities import state_setter
from nearsym.envs.errors import InputError
from nearsym.envs.rollout import Policy, Remembering
from nearsym.envs.symmetry import Symmetry
from nearsym.envs.wrappers import symmetry_of

from .measurement import Errors, Method
from .neighbours import measure_by_neighbours
from .own import measure_by_itself
from .report import AuditReport, Standard, Worst, element_report, means
from .simulator import measure_by_simulator
from .transitions import Transitions, sample_transitions


def audit(
    env: gymnasium.Env[Any, Any],
    symmetry: Symmetry | None = None,
    samples: int = 1000,
    seed: int = 0,
    policy: Policy | Remembering | None = None,
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
    environment that knows better has a method ``symmetry_errors(symmetry, elements, states, seed)``, which returns a
    `Measurement`.

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
        InputError: no symmetry is declared, actions are no Box, the symmetry does not fit the state, a transformed
            state is rejected, or transitions alone say too little.
    """
    symmetry = symmetry or symmetry_of(env)
    if symmetry is None:
        raise InputError("no symmetry is declared; pass symmetry=… or wrap the environment in nearsym.envs.declare")
    if samples < 1:
        raise InputError(f"samples is {samples}, expected a whole number >= 1")
    if not isinstance(env.action_space, gymnasium.spaces.Box):
        raise InputError(f"the environment has actions {env.action_space}; an audit moves actions of a Box")
    symmetry.check_spaces(env.observation_space, env.action_space)
    symmetry, group = symmetry.ordered(env.observation_space), symmetry.group
    elements = [g for g in range(group.rows) if not (group.listed and g == 0)] or [0]
    transitions = sample_transitions(env, samples, seed, policy)
    found = method_for(env)(env, transitions, symmetry, elements, seed)
    names, scales = [group.names[g] for g in elements], _scales(transitions)
    standard = Standard(scales, found.deterministic, transitions.episodes, found.uncertainty)
    return AuditReport(
        group=group.name,
        samples=samples,
        seed=seed,
        method=found.method,
        elements=tuple(
            element_report(name, found.errors[row], found.floors[row], standard) for row, name in enumerate(names)
        ),
        scales=means(scales),
        worst=_worst(found.errors, names, transitions),
        states=transitions.states,
        errors=found.errors,
    )


def method_for(env: gymnasium.Env[Any, Any]) -> Method:
    """How an environment's symmetry is measured: as it does itself, by setting its state, or from its transitions."""
    if env.has_wrapper_attr("symmetry_errors"):
        return measure_by_itself
    return measure_by_neighbours if state_setter(env) is None else measure_by_simulator


def _scales(transitions: Transitions) -> Errors:
    """What mean errors are held against."""
    step = np.linalg.norm(transitions.next_states - transitions.states, axis=1)
    return Errors(
        observation=transitions.observations.std(axis=0).max(),
        reward=transitions.rewards.std(),
        transition=np.sqrt(np.mean(step**2)),
        termination=np.ones(()),
    )


def _worst(errors: Errors, names: list[str], transitions: Transitions) -> Worst:
    total = errors.reward + errors.transition
    row, k = np.unravel_index(int(np.nanargmax(total)), total.shape)
    return Worst(
        element=names[int(row)],
        state=transitions.states[int(k)].tolist(),
        action=transitions.actions[int(k)].tolist(),
        reward_error=float(errors.reward[row, k]),
        transition_error=float(errors.transition[row, k]),
    )
