"""Whether an environment's spaces are ones that agents can act and observe in."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.errors import InputError

from .wrappers import Guard

Env = gymnasium.Env[Any, Any]

RESCALED = "gymnasium.wrappers.TransformAction(env, lambda a: 5 * a, gymnasium.spaces.Box(-1, 1, {shape}))"


def checked(env: Env, id: str | None = None) -> Env:
    """An environment that stops at the first step that is not as it should be, with actions as one vector.

    Args:
        env: an environment; one that is guarded already is left as it is.
        id: what messages call it.

    Raises:
        InputError: its spaces are none that agents can act and observe in.
    """
    inner = env
    while isinstance(inner, gymnasium.Wrapper):
        if isinstance(inner, Guard):
            return env
        inner = inner.env
    check_spaces(id or type(inner).__name__, env)
    return flat_actions(Guard(env))


def check_spaces(id: str, env: Env) -> None:
    """Observations must be a Box, or a Dict of Boxes; actions a Box of real numbers, or Discrete.

    Raises:
        InputError: they are not, or the environment says nothing of its spaces.
    """
    for name in ("observation_space", "action_space"):
        if not isinstance(getattr(env, name, None), gymnasium.Space):
            raise InputError(f"{id} has no {name}; set self.{name} to a gymnasium.spaces.Box in its constructor")
    _check_observed(id, env.observation_space, "")
    space = env.action_space
    if isinstance(space, gymnasium.spaces.Discrete):
        return
    if not isinstance(space, gymnasium.spaces.Box):
        raise InputError(f"{id} has actions {space}; expected a Box of continuous actions, or Discrete ones")
    if not np.issubdtype(space.dtype, np.floating):
        raise InputError(
            f"{id} has actions {space}, whole numbers; agents act with real ones: declare a Box of np.float32 and "
            "round in step"
        )
    if not space.low.size or not (space.low < space.high).all():
        raise InputError(f"{id} has actions {space}; expected at least one, and every lower bound below the upper one")


def check_bounded(space: gymnasium.spaces.Box) -> None:
    """Agents act between bounds.

    Raises:
        InputError: a bound is infinite; names it, and how to rescale.
    """
    bounds = np.stack([space.low.ravel(), space.high.ravel()])
    loose = np.flatnonzero(~np.isfinite(bounds).all(axis=0))
    if len(loose):
        low, high = bounds[:, loose[0]]
        raise InputError(
            f"action[{loose[0]}] lies between {low:g} and {high:g}, and an agent needs finite bounds; choose the "
            f"largest action worth trying, say 5, and wrap the environment: {RESCALED.format(shape=space.shape)}"
        )


def flat_actions(env: Env) -> Env:
    """Actions as one vector, whatever their shape."""
    space = env.action_space
    if not isinstance(space, gymnasium.spaces.Box) or len(space.shape) == 1:
        return env
    flat = gymnasium.spaces.Box(space.low.ravel(), space.high.ravel(), dtype=space.dtype)
    return gymnasium.wrappers.TransformAction(env, lambda action: np.reshape(action, space.shape), flat)


def _check_observed(id: str, space: gymnasium.Space[Any], key: str) -> None:
    if isinstance(space, gymnasium.spaces.Dict) and space.spaces:
        for name, part in space.spaces.items():
            _check_observed(id, part, f"{key}[{name!r}]")
        return
    if not isinstance(space, gymnasium.spaces.Box):
        raise InputError(
            f"{id} observes {space}{key and f' as observation{key}'}; expected a Box, or a Dict of Boxes: number the "
            "parts of a Tuple as keys of a Dict, and write a discrete part as a one-hot Box"
        )
    if not space.low.size:
        raise InputError(f"{id} observes {space}{key and f' as observation{key}'}, which holds no number")
