"""Help texts, read from the settings' own docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from .compose import ANY, defaults, options
from .variants import BASES, DEFAULT_AGENT, variants


def command_help(config: str, schema: type[Any], summary: str, example: str, groups: tuple[str, ...] = ()) -> str:
    """Usage of a command: its groups, then every key with default and meaning.

    Args:
        config: name of the primary config.
        schema: dataclass of the command's settings; its docstrings describe the keys.
        summary: one line.
        example: a command line that works.
        groups: config groups the command chooses from.
    """
    lines = [summary, "", f"example: {example}", ""]
    for group in groups:
        offered = ", ".join(option for option in options(group) if option != ANY)
        more = ", any gymnasium id, or my_module:MyEnv" if group == "env" else ""
        lines.append(f"  {group}=  {offered}{more}")
    if groups:
        lines.append("")
    given = defaults(config, schema)
    rows = [(key, f"{key} = {given.get(key, '')}", meaning) for key, meaning in keys(schema)]
    listed = {key for key, *_ in rows}
    for group, name, kind in _alternatives(schema):
        added = [(key, meaning) for key, meaning in keys(kind, f"{group}.") if key not in listed]
        rows += [(key, f"{key} = {getattr(kind, key.partition('.')[2])} ({group}={name})", m) for key, m in added]
    for _, assignment, meaning in rows:
        lines += [f"  {assignment}", f"      {meaning}"]
    return "\n".join(lines)


def keys(schema: type[Any], prefix: str = "") -> list[tuple[str, str]]:
    """(key, meaning) of every setting of a dataclass, nested ones with dotted keys."""
    meanings, hints = attribute_meanings(schema), get_type_hints(schema)
    rows: list[tuple[str, str]] = []
    for field in fields(schema):
        kind = hints[field.name]
        if isinstance(kind, type) and is_dataclass(kind):
            kind = _default(kind)
            rows += keys(kind, f"{prefix}{field.name}.")
        else:
            rows.append((prefix + field.name, meanings[field.name]))
    return rows


def attribute_meanings(schema: type[Any]) -> dict[str, str]:
    """The ``Attributes:`` section of a class docstring and those it inherits from, by name."""
    inherited = [attribute_meanings(base) for base in schema.__bases__ if is_dataclass(base)]
    text = inspect.getdoc(schema) or ""
    section = re.search(r"^Attributes:\n((?:    .*\n?|\n)*)", text, flags=re.MULTILINE)
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section.group(1) if section else "", flags=re.MULTILINE)
    own = {name: " ".join(meaning.split()).replace("``", "") for name, meaning in entries}
    return {name: meaning for meanings in (*inherited, own) for name, meaning in meanings.items()}


def _default(kind: type[Any]) -> type[Any]:
    """The dataclass that a command has unless another is chosen."""
    return variants("agent")[DEFAULT_AGENT] if kind.__name__ == BASES["agent"] else kind


def _alternatives(schema: type[Any]) -> Iterator[tuple[str, str, type[Any]]]:
    """(group, name, settings) of the agents and network families that have keys of their own."""
    hints = get_type_hints(schema)
    for group, base in BASES.items():
        if hints.get(group, type(None)).__name__ == base:
            yield from ((group, name, kind) for name, kind in variants(group).items())
