"""suite.yaml as version 0.1 wrote it, under the keys of today: such a suite goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nearsym.networks import RENAMED

NETWORK = "network."


def translated(content: Any) -> Any:
    """The same suite with every key of a network under its present name; anything else stays as it is."""
    match content:
        case {"networks": list(networks), "overrides": list(overrides)}:
            return {
                **content,
                "networks": [_network(one) for one in networks],
                "overrides": [_override(one) for one in overrides],
            }
    return content


def _network(content: Any) -> Any:
    if not isinstance(content, Mapping):
        return content
    return {
        name: {_key(key): value for key, value in keys.items()} if isinstance(keys, Mapping) else keys
        for name, keys in content.items()
    }


def _override(override: Any) -> Any:
    if not isinstance(override, str) or not override.startswith(NETWORK):
        return override
    key, equals, value = override.partition("=")
    return f"{_key(key)}{equals}{value}"


def _key(key: Any) -> Any:
    """``choice``, alone in a suite's file, and ``network.banks``."""
    prefix = NETWORK if str(key).startswith(NETWORK) else ""
    name = str(key).removeprefix(prefix)
    return f"{prefix}{RENAMED[name]}" if name in RENAMED else key
