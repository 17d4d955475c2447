"""Groups of keys whose dataclass depends on what is chosen: agents and networks.

Their YAML files name the choice and what it changes of other groups; keys and defaults are the dataclass's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from omegaconf import DictConfig

from nearsym.envs.errors import InputError, did_you_mean

SELECTORS = {"agent": "name", "network": "family"}
"""The key of each group that names the choice."""

BASES = {"agent": "AgentSettings", "network": "Family"}
"""The dataclass that a command's settings have in its place."""


def variants(group: str) -> Mapping[str, type[Any]]:
    """Every choice of a group with its dataclass."""
    # only now: they import torch
    if group == "network":
        from nearsym.networks import FAMILIES

        return FAMILIES
    from nearsym.agents.algorithms import LEARNERS

    return {name: learner.settings_type for name, learner in LEARNERS.items()}


def chosen(config: DictConfig) -> dict[str, type[Any]]:
    """The dataclass of each such group in a composed config.

    Raises:
        InputError: there is no such choice.
    """
    found = {}
    for group, selector in SELECTORS.items():
        if group in config:
            name, known = config[group][selector], variants(group)
            if name not in known:
                expected = f"expected one of {', '.join(known)}"
                raise InputError(f"{group}.{selector} is {name!r}, {expected}{did_you_mean(name, known)}")
            found[group] = known[name]
    return found


def unknown_key(key: str, known: Mapping[str, Any]) -> str:
    """Why a key is not taken: it is called otherwise now, belongs to another choice, or is not there at all."""
    group, _, name = key.partition(".")
    hint = f"unknown key {key!r}{did_you_mean(key, known)}"
    if group not in SELECTORS or f"{group}.{SELECTORS[group]}" not in known:
        return hint
    if group == "network":
        from nearsym.networks import RENAMED

        if name in RENAMED:
            return f"{key} is called network.{RENAMED[name]}"
    owners = [choice for choice, kind in variants(group).items() if name in {field.name for field in fields(kind)}]
    if not owners:
        return hint
    choice = known[f"{group}.{SELECTORS[group]}"]
    others = " and ".join(f"{group}={owner}" for owner in owners)
    return f"unknown key {key!r} of {group}={choice}; it is a key of {others}"
