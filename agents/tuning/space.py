"""Where a key is searched: a range, or a list of choices."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nearsym.agents.comparison.suite_file import check_keys, shown
from nearsym.envs.errors import InputError

Value = bool | int | float | str | None


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included: whole ones where both ends are.

    Attributes:
        low: least.
        high: largest.
        log: draw the logarithm evenly.
    """

    low: float
    high: float
    log: bool = False

    def suggest(self, trial: Any, key: str) -> Value:
        """The value of an Optuna trial."""
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        suggest = trial.suggest_int if whole else trial.suggest_float
        value: Value = suggest(key, self.low, self.high, log=self.log)
        return value

    def samples(self) -> tuple[Value, ...]:
        """Values that show whether a key takes such."""
        return self.low, self.high


@dataclass(frozen=True)
class Choices:
    """One of several values."""

    values: tuple[Value, ...]

    def suggest(self, trial: Any, key: str) -> Value:
        """The value of an Optuna trial."""
        value: Value = trial.suggest_categorical(key, list(self.values))
        return value

    def samples(self) -> tuple[Value, ...]:
        """All."""
        return self.values


def space_from(key: str, content: Any) -> Range | Choices:
    """The range ``{low: 1.0e-4, high: 1.0e-2, log: true}``, or the choices ``[64, 128]``.

    Raises:
        InputError: it is neither, or the range is empty.
    """
    where = f"tune.keys.{key}"
    if isinstance(content, list):
        if len(content) < 2 or any(not isinstance(one, Value) for one in content):
            raise InputError(f"{where} is {shown(content)}, expected two or more numbers, words or truth values")
        if len(set(map(repr, content))) < len(content):
            raise InputError(f"{where} is {shown(content)}, which has a value twice; leave one out")
        return Choices(tuple(content))
    if not isinstance(content, Mapping):
        raise InputError(
            f"{where} is {shown(content)}, expected a range {{low: 1.0e-4, high: 1.0e-2, log: true}} or choices such "
            "as [64, 128]"
        )
    check_keys(where, content, ("low", "high"), ("log",))
    for end in ("low", "high"):
        value = content[end]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            hint = "; YAML reads 1e-4 as text, so write 1.0e-4" if isinstance(value, str) else ""
            raise InputError(f"{where}.{end} is {shown(value)}, expected a number{hint}")
    log = content.get("log", False)
    if not isinstance(log, bool):
        raise InputError(f"{where}.log is {shown(log)}, expected true or false")
    low, high = content["low"], content["high"]
    if not low < high:
        raise InputError(f"{where} goes from {low} to {high}, expected low below high")
    if log and low <= 0:
        raise InputError(f"{where}.low is {low}, expected a number > 0, whose logarithm exists")
    return Range(low, high, log)
