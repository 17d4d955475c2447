"""Environments whose ids share a prefix, and what may be asked of them before one is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium

from nearsym.envs.errors import InputError, told
from nearsym.envs.symmetry import Symmetry

Env = gymnasium.Env[Any, Any]


@dataclass(frozen=True)
class Entry:
    """An environment whose symmetry comes with nearsym.

    Attributes:
        id: what `make` takes.
        symmetry: the declared symmetry.
        about: what the group does.
        exact: whether the simulator's model has the symmetry, or only nearly.
    """

    id: str
    symmetry: Symmetry
    about: str
    exact: bool


@dataclass(frozen=True)
class Family:
    """Environments whose ids begin alike; one file makes one, and one line of the registry lists it.

    Attributes:
        prefix: of their ids, such as ``dmc/``.
        make: from a whole id and the arguments to an environment; raises InputError.
        entries: those whose symmetry comes with nearsym.
        camera: arguments with which one observes a camera instead of numbers; None where there is none.
        precise: arguments with which one observes in float64, for measurements.
        film: arguments with which one draws frames for people to look at; None where it draws nothing.
        noise: levels of observation noise worth looking at first.
        returns: lowest and highest undiscounted return there can be, with their source; None where nobody knows.
        named: whether names of runs keep the prefix.
    """

    prefix: str
    make: Callable[[str, dict[str, Any]], Env]
    entries: Callable[[], list[Entry]] = list
    camera: Mapping[str, Any] | None = None
    precise: Mapping[str, Any] = field(default_factory=dict)
    film: Mapping[str, Any] | None = field(default_factory=lambda: {"render_mode": "rgb_array"})
    noise: tuple[float, ...] = (0.0, 0.1, 0.2)
    returns: tuple[float, float, str] | None = None
    named: bool = True


def built(id: str, factory: Callable[[], Env]) -> Env:
    """What a factory makes.

    Raises:
        InputError: it raises anything.
    """
    try:
        return factory()
    except InputError:
        raise
    except (Exception, SystemExit) as error:  # whatever a user's own constructor raises
        raise InputError(f"environment {id!r} cannot be built: {told(error)}") from error
