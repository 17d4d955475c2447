"""Network settings as version 0.1 saved them: one set of keys for all networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RENAMED = {
    "choice": "family",
    "series_channels": "window_channels",
    "relaxation_rate": "relaxed_lr_multiplier",
}
"""Keys of 0.1 that are called otherwise now."""

DEFAULTS = {
    "width": 256,
    "depth": 2,
    "banks": 1,
    "window_channels": 8,
    "relax_positions": False,
    "relax_biases": False,
    "augment": False,
    "match_parameters": False,
    "relaxation_penalty": 0.0,
    "relaxed_lr_multiplier": 1.0,
    "prior_equivariant": 0.0,
    "prior_residual": 0.0,
}
"""The keys of 0.1 by their present names, and what those meant that were not given."""


def is_version_0_1(saved: Mapping[str, Any]) -> bool:
    """Whether 0.1 saved these settings: it called the family ``choice``."""
    return "choice" in saved


def translated(saved: Mapping[str, Any]) -> dict[str, Any]:
    """The same settings under present names, the family among them.

    A plain network that augmented its data is the family ``augmented``. Keys of other families are still there: 0.1
    saved them for every network and ignored them.
    """
    keys = {**DEFAULTS, **{RENAMED.get(key, key): value for key, value in saved.items()}}
    return {**keys, "family": "augmented"} if keys["family"] == "plain" and keys["augment"] else keys
