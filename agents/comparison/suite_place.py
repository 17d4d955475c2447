"""In which line of a suite's file something does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from nearsym.envs.errors import InputError

Read = Callable[[Any], object]


def place_of(text: str, message: str, entries: Mapping[str, Read]) -> str:
    """``, line 7``: of the entry that cannot be read by itself, or else of the key that a message speaks of.

    Args:
        text: of the file.
        message: of the error, which begins with the key where it is about one.
        entries: what reads one entry of a list, by the list's key.

    Returns:
        Nothing where it is the whole that does not fit.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return ""
    for key, value in root.value:
        if isinstance(value, yaml.SequenceNode) and key.value in entries:
            for node in value.value:
                try:
                    entries[key.value](yaml.safe_load(yaml.serialize(node)))
                except InputError as error:
                    return _line(_key_in(node, str(error)) or node)
                except yaml.YAMLError:  # a text that is not written as it was read
                    return _line(node)
    return _line(_key_in(root, message))


def _key_in(node: yaml.Node, message: str) -> yaml.Node | None:
    """The key of a mapping that a message speaks of: the one whose name stands in it first."""
    if not isinstance(node, yaml.MappingNode):
        return None
    words = message.replace("'", " ").replace(".", " ").replace("[", " ").replace(":", " ").split()
    found = [(words.index(key.value), key) for key, _ in node.value if key.value in words]
    return min(found, key=lambda pair: pair[0])[1] if found else None


def _line(node: yaml.Node | None) -> str:
    return "" if node is None else f", line {node.start_mark.line + 1}"
