"""Groups of keys whose dataclass depends on the option that is chosen: agents and networks.

Their YAML files name the option and what it changes of other groups; keys and defaults are the dataclass's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from omegaconf import DictConfig

from nearsym.envs.errors import InputError, did_you_mean

SELECTORS = {"agent": "name", "network": "family"}
"""The key of each group that names the option."""

BASES = {"agent": "AgentSettings", "network": "Family"}
"""The dataclass that a command's settings have in its place."""


DEFAULT_AGENT = "sac"
"""The agent of a command that chooses none."""


def variants(group: str) -> Mapping[str, type[Any]]:
    """The dataclass of every option of a group, by its name."""
    # only now: they import torch
    if group == "network":
        from nearsym.networks import FAMILIES

        return FAMILIES
    from nearsym.agents.algorithms import LEARNERS

    return {name: learner.settings_type for name, learner in LEARNERS.items()}


def settings_types(config: DictConfig) -> dict[str, type[Any]]:
    """The dataclass of each such group in a composed config.

    Raises:
        InputError: there is no such option.
    """
    types = {}
    for group, selector in SELECTORS.items():
        if group in config:
            name, known = config[group][selector], variants(group)
            if name not in known:
                expected = f"expected one of {', '.join(known)}"
                raise InputError(f"{group}.{selector} is {name!r}, {expected}{did_you_mean(name, known)}")
            types[group] = known[name]
    return types


def unknown_key(key: str, known: Mapping[str, Any]) -> str:
    """Why a key is not taken: it has another name now, belongs to another option, or is not there at all."""
    from nearsym.agents.runs.version_0_1 import RENAMED_KEYS  # only now: it imports torch

    if RENAMED_KEYS.get(key) in known:
        return f"{key} is called {RENAMED_KEYS[key]}"
    group, _, name = key.partition(".")
    hint = f"unknown key {key!r}{did_you_mean(key, known)}"
    if group not in SELECTORS or f"{group}.{SELECTORS[group]}" not in known:
        return hint
    owners = [option for option, kind in variants(group).items() if name in {field.name for field in fields(kind)}]
    if not owners:
        return hint
    option = known[f"{group}.{SELECTORS[group]}"]
    others = " and ".join(f"{group}={owner}" for owner in owners)
    return f"unknown key {key!r} of {group}={option}; it is a key of {others}"
