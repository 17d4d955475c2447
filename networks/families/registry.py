"""Finding a family by its name, and building one from saved settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from nearsym.envs.errors import InputError, did_you_mean

from .base import Family
from .version_0_1 import DEFAULTS, RENAMED, is_version_0_1, translated

Kind = TypeVar("Kind", bound=type[Family])

FAMILIES: dict[str, type[Family]] = {}
"""Every family by its name; plain, which the others are compared with, comes first."""


def register(kind: Kind) -> Kind:
    """Make a family known under its name; a decorator."""
    FAMILIES[kind.family] = kind
    return kind


def architectures() -> dict[str, type[Family]]:
    """The families whose networks differ, by name: all but those that differ in what they learn from."""
    return {name: kind for name, kind in FAMILIES.items() if not kind.augment}


def family_class(name: str) -> type[Family]:
    """The family of that name.

    Raises:
        InputError: there is none.
    """
    if name not in FAMILIES:
        near = did_you_mean(name, FAMILIES)
        raise InputError(f"there is no network {name!r}{near}; choose from {', '.join(FAMILIES)}")
    return FAMILIES[name]


def family(name: str, **keys: Any) -> Family:
    """The family of that name with these keys; without any, what ``network=<name>`` means.

    Example:
        >>> family("relaxed", width=64).relaxed_lr_multiplier
        10.0

    Raises:
        InputError: there is no such family, it has no such key, or a value is out of range.
    """
    kind = family_class(name)
    for key in keys:
        if key not in keys_of(kind):
            raise InputError(unknown_key(kind, key))
    return kind(**{"family": name, **keys})


def family_of_critics(network: Family) -> Family:
    """The family of the critics of a network.

    Example:
        >>> family_of_critics(family("relaxed", width=64, critic="plain")) == family("plain", width=64)
        True

    Raises:
        InputError: there is no such family.
    """
    return network if network.critic is None else family_class(network.critic).like(network)


def family_from(saved: Mapping[str, Any]) -> Family:
    """The family of settings saved as a mapping, by this version or by 0.1.

    Raises:
        InputError: there is no such family, it has no such key, or a value is out of range.
    """
    keys = dict(saved)
    if is_version_0_1(saved):
        own = keys_of(family_class(translated(saved)["family"]))
        keys = {key: value for key, value in translated(saved).items() if key in own or key not in DEFAULTS}
    if "family" not in keys:
        raise InputError(f"network settings {keys} name no family; expected family: relaxed or another")
    return family(keys.pop("family"), **keys)


def keys_of(kind: type[Family]) -> dict[str, Any]:
    """The keys of a family with their defaults."""
    return {each.name: each.default for each in fields(kind)}


def unknown_key(kind: type[Family], key: str) -> str:
    """Why a family does not take a key: it is called otherwise, belongs to others, or is not there at all."""
    if key in RENAMED:
        return f"network.{key} is called network.{RENAMED[key]}"
    owners = [name for name, other in FAMILIES.items() if key in keys_of(other)]
    if owners:
        others = " and ".join(f"network={name}" for name in owners)
        return f"unknown key 'network.{key}' of network={kind.family}; it is a key of {others}"
    every = {f"network.{name}" for other in FAMILIES.values() for name in keys_of(other)}
    return f"unknown key 'network.{key}'{did_you_mean(f'network.{key}', sorted(every))}"
