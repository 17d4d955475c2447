"""Whether settings, of a file or a command line, are of the kinds that their dataclasses say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from .errors import InputError

WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}

PLURAL = {int: "whole numbers", float: "numbers", str: "names"}
"""Of what a list is."""


def check_types(settings: Any, prefix: str = "") -> None:
    """Check every field of a dataclass, and of those inside.

    Args:
        settings: an instance.
        prefix: what stands before the names of its fields in messages.

    Raises:
        InputError: a value is of another kind than its field says.
    """
    hints = get_type_hints(type(settings))
    for each in fields(settings):
        value, hint = getattr(settings, each.name), hints[each.name]
        if is_dataclass(value):
            check_types(value, f"{prefix}{each.name}.")
        elif not _fits(value, hint):
            raise InputError(f"{prefix}{each.name} is {_shown(value)}, expected {_described(hint)}")


def _fits(value: Any, hint: Any) -> bool:
    if hint is Any:
        return True
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(_fits(value, one) for one in inside)
    if origin in (list, tuple):
        return isinstance(value, list | tuple) and all(_fits(one, inside[0]) for one in value)
    if origin is dict:
        return isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    if hint in (int, float):
        return isinstance(value, (int,) if hint is int else (int, float)) and not isinstance(value, bool)
    return isinstance(value, hint)


def _described(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_described(one) for one in get_args(hint))
    kind = get_origin(hint) or hint
    if kind in (list, tuple) and get_args(hint)[0] in PLURAL:
        return f"a list of {PLURAL[get_args(hint)[0]]}"
    return "null" if kind is type(None) else WORDS.get(kind, getattr(kind, "__name__", str(kind)))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
