"""Auditing a declared symmetry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.capabilities import attribute, state_setter
from nearsym.envs.errors import InputError
from nearsym.envs.rollout import Policy, Remembering
from nearsym.envs.spaces import checked
from nearsym.envs.symmetry import Symmetry
from nearsym.envs.wrappers import is_image, symmetry_of, with_state

from .coordinates import coordinates_off
from .discrete import OneHotActions
from .judgement import Standard, element_report, shares
from .measurement import Errors, Method
from .names import labels, observation_names, plain_names, state_names
from .neighbours import measure_by_neighbours
from .own import measure_by_itself
from .report import AuditReport, Means, Worst
from .scales import Scales, scales_of
from .simulator import fits, measure_by_simulator
from .transitions import FloatArray, Transitions, sample_transitions


def audit(
    env: gymnasium.Env[Any, Any],
    symmetry: Symmetry | None = None,
    samples: int = 1000,
    seed: int = 0,
    policy: Policy | Remembering | None = None,
    transitions: Transitions | None = None,
) -> AuditReport:
    """Measure how well a symmetry holds, element by element.

    For sampled (s, a) and every element g the simulator is put to g·s and stepped with g·a:

        observation   |o(gs) - g o(s)|, the largest coordinate, or the mean over pixels of an image
        reward        |R(gs, ga) - R(s, a)|
        transition    ‖s'(gs, ga) - g s'(s, a)‖

    Verdicts hold the error of each coordinate against that coordinate's own scale (`Scales`), so that no choice of
    units decides. Where the same step does not always give the same, 32 outcomes are drawn of each and the errors are
    1-Wasserstein distances between them, without what chance adds to these. Where the state cannot be set, what would
    have happened at (gs, ga) is predicted from the nearest sampled transitions, with the observation for a state, held
    against the same prediction of the samples themselves. An environment that knows better has a method
    ``symmetry_errors(symmetry, elements, states, seed)``, which returns a `Measurement`.

    Args:
        env: an environment, best with ``get_state() -> ndarray`` and ``set_state(ndarray)``. Where set_state returns
            the observation at the new state, that is compared; otherwise the observation after the step is, and an
            error of the transition shows in it too.
        symmetry: the declared symmetry; by default the environment's own. Its `state` says how the state
            transforms, by default like the observation.
        samples: pairs of state and action.
        seed: of the sampling.
        policy: actions to visit states with; see `sample_transitions`.
        transitions: recorded ones, to audit by these alone in place of sampled ones; `samples` is not read then.

    Raises:
        InputError: no symmetry is declared, the symmetry does not fit the state, a transformed
            state is rejected, or transitions alone say too little.
    """
    env = checked(with_state(env))
    symmetry = symmetry or symmetry_of(env)
    if symmetry is None:
        raise _undeclared(env)
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise InputError(f"samples is {samples}, expected a whole number >= 1")
    symmetry.check_spaces(env.observation_space, env.action_space)
    symmetry, group = symmetry.ordered(env.observation_space), symmetry.group
    elements = [g for g in range(group.rows) if not (group.listed and g == 0)] or [0]
    if isinstance(env.action_space, gymnasium.spaces.Discrete):
        env = OneHotActions(env)
        policy = None if policy is None else env.marking(policy)
        if transitions is not None:
            transitions = replace(transitions, actions=env.one_hot(transitions.actions.reshape(-1)))
    if transitions is None:
        transitions, method = sample_transitions(env, samples, seed, policy), method_for(env)
    else:
        samples, method = len(transitions.rewards), measure_by_neighbours
    notes: tuple[str, ...] = ()
    if method is measure_by_simulator and symmetry.state is None and not fits(symmetry, transitions.states[0]):
        method = measure_by_neighbours
        notes += (
            f"no state= says how the {transitions.states.shape[1]} numbers of get_state() move, so no state is set; "
            "declare it to measure in the simulator",
        )
    if method is measure_by_neighbours:  # there is no other state
        symmetry = replace(symmetry, state=None)
        transitions = transitions.observed()
    scales = scales_of(env, transitions, symmetry)
    found = method(env, transitions, symmetry, elements, seed, scales)
    names = [group.names[g] for g in elements]
    # what is drawn at one state says nothing of what is drawn at the next
    episodes = np.arange(samples) if method is measure_by_simulator else transitions.episodes
    standard = Standard(scales.reward, found.deterministic, found.bracketed, episodes, found.uncertainty)
    seen = labels(plain_names(env.observation_space), observation_names(env, symmetry))
    size = transitions.states.shape[1]
    held = labels([f"state[{i}]" for i in range(size)], state_names(env, size, symmetry))
    reports = []
    for row, name in enumerate(names):
        off = coordinates_off(found.observations, row, seen, scales.observation, scales.observation_rounding)
        off += coordinates_off(found.states, row, held, scales.state, scales.state_rounding)
        exact = None if found.exact is None else bool(found.exact[row])
        reports.append(
            element_report(
                name,
                found.errors[row],
                found.floors[row],
                standard,
                exact,
                tuple(sorted(off, key=lambda each: -each.share)),
            )
        )
    observation, reward, transition, _ = np.moveaxis(shares(found.errors, scales.reward), -1, 0)
    return AuditReport(
        group=group.name,
        samples=samples,
        seed=seed,
        method=found.method,
        elements=tuple(reports),
        scales=_sizes(transitions, scales),
        worst=_worst(reward + transition, found.errors, names, transitions),
        worst_observation=_worst(observation, found.errors, names, transitions) if np.nansum(observation) else None,
        notes=notes + found.notes,
        states=transitions.states,
        errors=found.errors,
    )


def method_for(env: gymnasium.Env[Any, Any]) -> Method:
    """How an environment's symmetry is measured: as it does itself, by setting its state, or from its transitions."""
    if attribute(env, "symmetry_errors") is not None:
        return measure_by_itself
    return measure_by_neighbours if state_setter(env) is None else measure_by_simulator


def _sizes(transitions: Transitions, scales: Scales) -> Means:
    observation = float(np.max(transitions.observations.std(axis=0)))
    return Means(observation, float(transitions.rewards.std()), scales.step, 1.0)


def _worst(share: FloatArray, errors: Errors, names: list[str], transitions: Transitions) -> Worst:
    row, k = np.unravel_index(int(np.nanargmax(share)), share.shape)
    seen = float(errors.observation[row, k])
    return Worst(
        element=names[int(row)],
        state=transitions.states[int(k)].tolist(),
        action=transitions.actions[int(k)].tolist(),
        reward_error=float(errors.reward[row, k]),
        transition_error=float(errors.transition[row, k]),
        observation_error=None if np.isnan(seen) else seen,
    )


def _undeclared(env: gymnasium.Env[Any, Any]) -> InputError:
    """What to write where no symmetry is declared."""
    seen, actions = (gymnasium.spaces.flatdim(space) for space in (env.observation_space, env.action_space))
    if isinstance(env.observation_space, gymnasium.spaces.Dict):
        how = "Symmetry.reflection(observation={" + ", ".join(f"{key!r}: …" for key in env.observation_space) + "}, "
    elif is_image(env.observation_space):
        how = "Symmetry.image(plane=[[-1, 1]], "
    else:
        how = f"Symmetry.reflection(observation=[{seen} signs], "
    return InputError(
        f"no symmetry is declared, so there is nothing to audit; say how it moves the {seen} observed numbers and the "
        f"{actions} of an action, {how}action=[{actions} signs]), and pass it as symmetry=my_file:name, in Python to "
        "nearsym.declare(env, symmetry) (docs/symmetry.md)"
    )
