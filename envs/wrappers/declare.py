"""Attaching a symmetry to an environment, and finding it again."""

from __future__ import annotations

from typing import Any

import gymnasium

from nearsym.envs.capabilities import attribute
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry


class Declared(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment with a declared symmetry; changes nothing else."""

    def __init__(self, env: gymnasium.Env[Any, Any], symmetry: Symmetry) -> None:
        super().__init__(env)
        self.symmetry = symmetry


def declare(env: gymnasium.Env[Any, Any], symmetry: Symmetry) -> gymnasium.Env[Any, Any]:
    """Attach `symmetry` to `env`; it replaces one declared before.

    Raises:
        SymmetryError: it does not fit the environment's spaces.
        InputError: `symmetry` is no Symmetry.
    """
    if not isinstance(symmetry, Symmetry):
        raise InputError(f"expected a nearsym.envs.symmetry.Symmetry, got a {type(symmetry).__name__}")
    symmetry.check_spaces(env.observation_space, env.action_space)
    return Declared(env, symmetry)


def symmetry_of(env: gymnasium.Env[Any, Any]) -> Symmetry | None:
    """The symmetry declared last on `env`, or None."""
    found = attribute(env, "symmetry")
    return found if isinstance(found, Symmetry) else None
