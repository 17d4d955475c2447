"""Auditing a symmetry against the simulator: set its state to g·s, step g·a, compare with g·step(s, a)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.declare import symmetry_of
from nearsym.envs.symmetry import InputError, Representation, Symmetry

from .report import AuditReport, ElementReport, FloatArray, Spread, Worst

Policy = Callable[[Any], FloatArray]
"""From an observation to an action."""

EPISODE = 50
"""Steps of one sampling episode: short, so that many starts are seen."""

REPETITIONS = 20
"""Samples on which a step is repeated to see the environment's own noise."""


@dataclass(frozen=True)
class _Outcome:
    """One step from a given state."""

    observation: FloatArray  # at the state itself where set_state tells it, after the step elsewhere
    reward: float
    state: FloatArray
    terminated: bool


def audit(
    env: gymnasium.Env[Any, Any],
    symmetry: Symmetry | None = None,
    samples: int = 1000,
    seed: int = 0,
    policy: Policy | None = None,
) -> AuditReport:
    """Measure how well a symmetry holds, element by element.

    For sampled (s, a) and every element g the simulator is put to g·s and stepped with g·a:

        observation   |o(gs) - g o(s)|          reward   |R(gs, ga) - R(s, a)|
        transition    ‖s'(gs, ga) - g s'(s, a)‖

    States come from episodes of random actions, and of `policy` in every second episode when one is given.

    Args:
        env: an environment with ``get_state() -> ndarray`` and ``set_state(ndarray)``. Where set_state returns
            the observation at the new state, that is compared; otherwise the observation after the step is, and an
            error of the transition shows in it too.
        symmetry: the declared symmetry; by default the environment's own. Its `state` says how the state
            transforms, by default like the observation.
        samples: pairs of state and action.
        seed: of the sampling.
        policy: actions to visit states with.

    Raises:
        InputError: no symmetry is declared, the state cannot be set, or a transformed state is rejected.
    """
    symmetry = symmetry or symmetry_of(env)
    if symmetry is None:
        raise InputError("no symmetry is declared; pass symmetry=… or wrap the environment in nearsym.envs.declare")
    if samples < 1:
        raise InputError(f"samples is {samples}, expected a whole number >= 1")
    symmetry.check_spaces(env.observation_space, env.action_space)
    for method in ("get_state", "set_state"):
        if not env.has_wrapper_attr(method):
            raise InputError(
                f"{env} has no {method}(); give the environment get_state() -> ndarray and set_state(ndarray) so "
                "that its symmetry can be measured"
            )
    flat = symmetry.flatten(env.observation_space)
    seen = flat.observation
    assert isinstance(seen, Representation)  # flattened
    state_rep = symmetry.state or seen
    pairs = sample_pairs(env, samples, seed, policy)
    _check_size(state_rep, pairs[0][0], symmetry.state is not None)

    base = [_outcome(env, state, action, seed) for state, action in pairs]
    group = symmetry.group
    moved = [g for g in range(group.rows) if not (group.listed and g == 0)] or [0]
    errors = np.zeros((len(moved), samples, 3))
    ended = np.zeros((len(moved), samples), dtype=bool)
    for row, g in enumerate(moved):
        for k, ((state, action), one) in enumerate(zip(pairs, base, strict=True)):
            other = _outcome(env, state_rep.apply(g, state), symmetry.action.apply(g, action), seed)
            errors[row, k] = (
                np.abs(other.observation - seen.apply(g, one.observation)).max(),
                abs(other.reward - one.reward),
                np.linalg.norm(other.state - state_rep.apply(g, one.state)),
            )
            ended[row, k] = other.terminated != one.terminated
    reports = tuple(
        ElementReport(
            element=group.names[g],
            observation=Spread.of(errors[row, :, 0]),
            reward=Spread.of(errors[row, :, 1]),
            transition=Spread.of(errors[row, :, 2]),
            termination=float(ended[row].mean()),
        )
        for row, g in enumerate(moved)
    )
    again = [_outcome(env, state, action, seed + 1) for state, action in pairs[:REPETITIONS]]
    changes = np.array([np.linalg.norm(one.state - state) for (state, _), one in zip(pairs, base, strict=True)])
    return AuditReport(
        group=group.name,
        samples=samples,
        seed=seed,
        method="simulator set to g·s and stepped with g·a",
        elements=reports,
        reward_noise=max(abs(a.reward - b.reward) for a, b in zip(base, again, strict=False)),
        transition_noise=max(float(np.linalg.norm(a.state - b.state)) for a, b in zip(base, again, strict=False)),
        reward_scale=float(np.std([one.reward for one in base])),
        step_scale=float(np.sqrt(np.mean(changes**2))),
        worst=_worst(errors, [group.names[g] for g in moved], pairs),
        states=np.array([state for state, _ in pairs]),
        errors=errors,
    )


def sample_pairs(
    env: gymnasium.Env[Any, Any], samples: int, seed: int, policy: Policy | None = None
) -> list[tuple[FloatArray, FloatArray]]:
    """The pairs (state, action) an audit looks at: states of short episodes, a random action in each."""
    space = env.action_space
    space.seed(seed)
    get_state = env.get_wrapper_attr("get_state")
    pairs: list[tuple[FloatArray, FloatArray]] = []
    episode = 0
    while len(pairs) < samples:
        observation, _ = env.reset(seed=seed + episode)
        guided = policy is not None and episode % 2 == 1
        episode += 1
        for _ in range(EPISODE):
            action = np.asarray(space.sample(), dtype=np.float64)
            pairs.append((np.array(get_state(), dtype=np.float64), action))
            taken = policy(observation) if guided and policy is not None else action
            observation, _, terminated, truncated, _ = env.step(taken.astype(space.dtype))
            if terminated or truncated or len(pairs) == samples:
                break
    return pairs


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
    return None if here is None else _flat(env, _through_wrappers(env, here))


def _outcome(env: gymnasium.Env[Any, Any], state: FloatArray, action: FloatArray, seed: int) -> _Outcome:
    here = set_state(env, state, seed)
    after, reward, terminated, _, _ = env.step(action.astype(env.action_space.dtype))
    return _Outcome(
        _flat(env, after) if here is None else here,
        float(reward),
        np.array(env.get_wrapper_attr("get_state")(), dtype=np.float64),
        bool(terminated),
    )


def _through_wrappers(env: gymnasium.Env[Any, Any], observation: Any) -> Any:
    """What the outermost environment would have shown of an observation of the innermost."""
    if isinstance(env, gymnasium.ObservationWrapper):
        return env.observation(_through_wrappers(env.env, observation))
    return _through_wrappers(env.env, observation) if isinstance(env, gymnasium.Wrapper) else observation


def _flat(env: gymnasium.Env[Any, Any], observation: Any) -> FloatArray:
    if isinstance(observation, dict):
        spaces = env.observation_space.spaces  # type: ignore[attr-defined]
        observation = np.concatenate([np.ravel(observation[key]) for key in spaces])
    return np.ravel(np.asarray(observation, dtype=np.float64))


def _check_size(rep: Representation, state: FloatArray, declared: bool) -> None:
    if state.shape != (rep.dim,):
        source = "its state=" if declared else "the observation, for want of a state= of its own,"
        raise InputError(
            f"get_state() gives an array of shape {state.shape}, the symmetry moves {rep.dim} coordinates by {source}; "
            "declare state= with one entry for each coordinate of the state"
        )


def _worst(errors: FloatArray, names: list[str], pairs: list[tuple[FloatArray, FloatArray]]) -> Worst:
    total = errors[:, :, 1:].sum(axis=2)
    row, k = np.unravel_index(int(total.argmax()), total.shape)
    state, action = pairs[int(k)]
    return Worst(
        element=names[int(row)],
        state=state.tolist(),
        action=action.tolist(),
        reward_error=float(errors[row, k, 1]),
        transition_error=float(errors[row, k, 2]),
    )
