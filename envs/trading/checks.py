"""Checks that the settings of a market have in common."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from nearsym.envs.errors import InputError


def check_whole(name: str, value: Any, least: int, unit: str = "") -> None:
    """Check that a setting is a whole number.

    Args:
        name: of the setting.
        value: what was given.
        least: the smallest number allowed.
        unit: what is counted, such as ``days``.

    Raises:
        InputError: it is a fraction, no number at all, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        counted = f" of {unit}" if unit else ""
        raise InputError(f"{name} is {value!r}, expected a whole number{counted} >= {least}")
