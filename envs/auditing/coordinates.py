"""Which coordinates of observation and state are off, and what their errors look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .measurement import Compared
from .transitions import FloatArray

NAMED = 5
"""Coordinates named for each group element."""

ALIKE = 0.01
"""An explanation counts when it leaves less than this fraction of a coordinate's error."""


@dataclass(frozen=True)
class Coordinate:
    """A coordinate that is off.

    Attributes:
        name: such as ``observation[13]``.
        share: its mean error relative to its scale.
        error: its mean error, in its own units.
        expected: what g says it should be, where it is furthest from that.
        got: what it is there.
        hint: what the error looks like over all samples; empty where it looks like nothing known.
    """

    name: str
    share: float
    error: float
    expected: float
    got: float
    hint: str

    def __str__(self) -> str:
        """One sentence."""
        hint = f": {self.hint}" if self.hint else ""
        return f"{self.name} expected {self.expected:.4g}, got {self.got:.4g} ({self.share:.2g} of its scale){hint}"


def coordinates_off(
    compared: Compared | None, row: int, names: list[str], scale: FloatArray, rounding: FloatArray
) -> tuple[Coordinate, ...]:
    """The coordinates of one element with the largest mean errors relative to their scales; none that is rounding.

    Args:
        compared: expected and found vectors; None where they are not known.
        row: of the element.
        names: of all coordinates.
        scale: (dim,) what each is held against.
        rounding: (dim,) errors that count as none.
    """
    if compared is None:
        return ()
    expected, found = compared.expected[row], compared.found[row]
    known = ~np.isnan(found).any(axis=1)
    if not known.any():
        return ()
    expected, found = expected[known], found[known]
    error = np.abs(found - expected)
    share = (error / scale).mean(axis=0)
    off = [int(i) for i in np.argsort(-share, kind="stable")[:NAMED] if (error[:, i] > rounding[i]).any()]
    worst = error.argmax(axis=0)
    return tuple(
        Coordinate(
            names[i],
            float(share[i]),
            float(error[:, i].mean()),
            float(expected[worst[i], i]),
            float(found[worst[i], i]),
            _hint(expected, found, i, names),
        )
        for i in off
    )


def _hint(expected: FloatArray, found: FloatArray, i: int, names: list[str]) -> str:
    """What makes coordinate i right in all samples."""
    wrong = np.abs(found[:, i] - expected[:, i]).mean()

    def explains(guess: FloatArray) -> bool:
        return bool(np.abs(found[:, i] - guess).mean() < ALIKE * wrong)

    difference = found[:, i] - expected[:, i]
    if explains(-expected[:, i]):
        return "its sign is the other one"
    if explains(expected[:, i] + 2 * np.pi * np.rint(difference / (2 * np.pi))):
        return "it is off by whole turns, an angle that wraps around; observe its cosine and sine"
    if explains(expected[:, i] + difference.mean()):
        return f"it is off by {difference.mean():.4g} everywhere"
    errors = np.abs(found[:, i, None, None] - expected[:, :, None] * np.array([1, -1])).mean(axis=0)
    j, sign = np.unravel_index(int(errors.argmin()), errors.shape)
    if errors[j, sign] < ALIKE * wrong:
        return f"it is what {'-' if sign else ''}{names[int(j)]} should be, an index"
    return ""
