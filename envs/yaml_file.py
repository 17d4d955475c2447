"""YAML, in which a key that is there twice is an error: YAML itself would take the last one in silence."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """Refuses mappings with a key twice."""


def read_yaml(text: str) -> Any:
    """What a YAML text says.

    Raises:
        yaml.MarkedYAMLError: it is no YAML, or a mapping has a key twice.
        yaml.YAMLError, ValueError, OverflowError, RecursionError, TypeError: as of `yaml.safe_load`.
    """
    return yaml.load(text, _Loader)  # a safe one


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[tuple[str, str], yaml.Node] = {}
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
            if (same := (key.tag, key.value)) in seen:
                line = seen[same].start_mark.line + 1
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} is there already, in line {line}", problem_mark=key.start_mark
                )
            seen[same] = key
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
