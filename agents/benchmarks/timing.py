"""Contenders that take turns, and what became of them: medians with their spread, and ratios to a peer."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

SHORTEST = 0.05
"""Seconds that a turn takes at least: what is faster is repeated."""

Seconds = dict[str, list[float]]
"""Of one call of each contender, for each round."""


@dataclass(frozen=True)
class Row:
    """What one contender did.

    Attributes:
        name: of the contender.
        values: one for each round, in the table's unit.
        ratios: to the peer's value in the same round.
        state: ``compiled``, ``eager``, ``applied``, …, where it matters.
    """

    name: str
    values: tuple[float, ...]
    ratios: tuple[float, ...]
    state: str = ""


@dataclass(frozen=True)
class Table:
    """Contenders under the same conditions.

    Attributes:
        title: what was measured.
        unit: of the values.
        rows: of contenders, the peer first.
        conditions: what distinguishes it from other tables, by name.
    """

    title: str
    unit: str
    rows: list[Row]
    conditions: dict[str, Any] = field(default_factory=dict)

    @property
    def peer(self) -> str:
        """What ratios are to."""
        return self.rows[0].name


def take_turns(contenders: Mapping[str, Callable[[], object]], rounds: int) -> Seconds:
    """Time contenders in turns, so that a busy machine slows all alike.

    The first turn of each does not count; it says how often a call has to be repeated to take `SHORTEST`.

    Args:
        contenders: what is called, by name.
        rounds: turns that each contender gets.
    """
    repeats = {name: _repeats(call) for name, call in contenders.items()}
    seconds: Seconds = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            seconds[name].append(_timed(call, repeats[name]))
    return seconds


def rates(seconds: Seconds, count: int, states: Mapping[str, str] | None = None) -> list[Row]:
    """How many a second, of `count` in each call."""
    return _rows({name: count / np.array(own) for name, own in seconds.items()}, states)


def milliseconds(seconds: Seconds, states: Mapping[str, str] | None = None) -> list[Row]:
    """Milliseconds of a call."""
    return _rows({name: 1e3 * np.array(own) for name, own in seconds.items()}, states)


def quartiles(values: tuple[float, ...]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    return float(low), float(middle), float(high)


def _rows(values: Mapping[str, Any], states: Mapping[str, str] | None) -> list[Row]:
    peer = next(iter(values.values()))
    return [
        Row(name, tuple(map(float, own)), tuple(map(float, own / peer)), (states or {}).get(name, ""))
        for name, own in values.items()
    ]


def _repeats(call: Callable[[], object]) -> int:
    _timed(call, 1)  # compiles what is to be compiled, and fills memory and caches
    return max(1, round(SHORTEST / _timed(call, 1)))


def _timed(call: Callable[[], object], repeats: int) -> float:
    """Seconds of a call, until a GPU has done what it was told."""
    _wait()
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    _wait()
    return max(time.perf_counter() - start, 1e-9) / repeats


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
