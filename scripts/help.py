"""Help texts, read from the settings' own docstrings."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints

from .compose import defaults, options


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
        choices = ", ".join(option for option in options(group) if option != "any")
        more = ", any gymnasium id, or my_module:MyEnv" if group == "env" else ""
        lines.append(f"  {group}=  {choices}{more}")
    if groups:
        lines.append("")
    given = defaults(config)
    for key, meaning in keys(schema):
        lines.append(f"  {key} = {given.get(key, '')}")
        lines.append(f"      {meaning}")
    return "\n".join(lines)


def keys(schema: type[Any], prefix: str = "") -> list[tuple[str, str]]:
    """(key, meaning) of every setting of a dataclass, nested ones with dotted keys."""
    meanings, hints = attribute_meanings(schema), get_type_hints(schema)
    rows: list[tuple[str, str]] = []
    for field in fields(schema):
        kind = hints[field.name]
        if isinstance(kind, type) and is_dataclass(kind):
            rows += keys(kind, f"{prefix}{field.name}.")
        else:
            rows.append((prefix + field.name, meanings[field.name]))
    return rows


def attribute_meanings(schema: type[Any]) -> dict[str, str]:
    """The ``Attributes:`` section of a class docstring, by name."""
    text = inspect.getdoc(schema) or ""
    section = re.search(r"^Attributes:\n((?:    .*\n?|\n)*)", text, flags=re.MULTILINE)
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", section.group(1) if section else "", flags=re.MULTILINE)
    return {name: " ".join(meaning.split()).replace("``", "") for name, meaning in entries}
