"""A gymnasium environment whose symmetry comes with nearsym."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium

from nearsym.envs.symmetry import Symmetry


@dataclass(frozen=True)
class Task:
    """A gymnasium environment, its symmetry, and a way to set its state.

    Attributes:
        symmetry: on observation, action and the state that `settable` gives.
        about: what the group does, for the catalogue.
        settable: wrapper that adds ``get_state`` and ``set_state``.
        exact: whether the simulator's model has the symmetry, or only nearly.
    """

    symmetry: Symmetry
    about: str
    settable: Callable[[gymnasium.Env[Any, Any]], gymnasium.Env[Any, Any]]
    exact: bool = True
