"""Finding environments by id."""

from __future__ import annotations

from typing import Any

import gymnasium

from nearsym.envs.errors import InputError, did_you_mean

from .dmc.family import DMC
from .family import Entry, Env, Family
from .known.family import GYMNASIUM
from .own import OWN
from .trading.family import TRADING

FAMILIES = (DMC, TRADING)
"""Families with a prefix; a new one is its own file and a name here."""


def family_of(id: str) -> Family:
    """The family that makes the environment of an id: one with its prefix, your own module, or gymnasium."""
    for family in FAMILIES:
        if id.startswith(family.prefix):
            return family
    return OWN if ":" in id else GYMNASIUM


def short_name(id: str) -> str:
    """An id as names of runs begin: without the prefix of a family that leaves it out."""
    family = family_of(id)
    return id if family.named else id.removeprefix(family.prefix)


def catalogue() -> list[Entry]:
    """Every environment that comes with a symmetry, in order of id."""
    entries = [entry for family in (*FAMILIES, GYMNASIUM) for entry in family.entries()]
    return sorted(entries, key=lambda entry: entry.id)


def make(id: str, **kwargs: Any) -> Env:
    """Make an environment.

    Args:
        id: ``dmc/<domain>-<task>``; ``trading/portfolio`` or ``trading/shares``; a gymnasium id such as
            ``Pendulum-v1``; ``my_module:MyEnv-v0``, an id that importing my_module registers; or ``my_module:MyEnv``,
            a class or factory. Modules are looked for in the current folder too.
        **kwargs: passed to the environment, but for ``action_repeat``, which works for all that have a simulator. A
            dm_control task also takes ``dtype``, and with ``pixels=True`` ``frames`` and what `Pixels` takes.

    Returns:
        The environment, with its symmetry where the catalogue has one (`symmetry_of`).

    Raises:
        InputError: nothing has that id, or the environment cannot be built from these arguments.
    """
    family = family_of(id)
    if family is GYMNASIUM and id not in gymnasium.registry:
        known = [entry.id for entry in catalogue()] + list(gymnasium.registry)
        raise InputError(
            f"no environment has the id {id!r}{did_you_mean(id, known)}; `nearsym envs` lists those with a symmetry, "
            "and your own is my_module:MyEnv"
        )
    return family.make(id, dict(kwargs))
