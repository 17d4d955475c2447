"""The one shape in which every result of a report is kept: a value with its interval, and what it is of."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .intervals import Intervals
from .records import Floats


@dataclass(frozen=True)
class Estimate:
    """One estimate.

    Attributes:
        quantity: what was measured, such as ``final return``.
        where: a condition, or a group of conditions.
        network: whose it is.
        against: the network it is compared with; empty for none.
        x: step, noise level, strength or score it belongs to; NaN for none.
        value: the estimate.
        low: lower end of its interval; NaN for none.
        high: upper end of its interval; NaN for none.
        runs: runs behind it; of a comparison, the fewest of one network on one task.
        p_value: of a comparison, of the hypothesis that there is no difference; NaN for none.
    """

    quantity: str
    where: str
    network: str
    value: float
    low: float
    high: float
    runs: int
    against: str = ""
    x: float = math.nan
    p_value: float = math.nan

    def excludes(self, none: float) -> bool:
        """Whether the interval excludes the value that would mean no difference; never with a missing end."""
        return self.low > none or self.high < none


class Estimates(list[Estimate]):
    """Estimates, and how to find some of them."""

    def select(self, quantity: str, **wanted: str) -> Estimates:
        """Those of a quantity whose other attributes are as wanted."""
        return self.where(lambda n: n.quantity == quantity and all(getattr(n, k) == v for k, v in wanted.items()))

    def where(self, condition: Callable[[Estimate], bool]) -> Estimates:
        """Those for which `condition` is true."""
        return Estimates(estimate for estimate in self if condition(estimate))

    def one(self, quantity: str, **wanted: str) -> Estimate | None:
        """The only one, or None."""
        return next(iter(self.select(quantity, **wanted)), None)

    def values(self, attribute: str) -> list[str]:
        """Different values of an attribute, in the order they first appear."""
        return list(dict.fromkeys(getattr(estimate, attribute) for estimate in self))


def curve(
    quantity: str, where: str, network: str, x: Iterable[float], intervals: Intervals, runs: int
) -> list[Estimate]:
    """An estimate for every point of a curve."""
    columns = (intervals.value, intervals.low, intervals.high, intervals.p_values)
    return [
        Estimate(quantity, where, network, value, low, high, runs, x=float(at), p_value=p)
        for at, value, low, high, p in zip(x, *(column.tolist() for column in columns), strict=True)
    ]


def mean_over(x: Floats, curves: Floats) -> Floats:
    """Area under curves by the trapezoidal rule over the length of x, in the unit of the curves, (…, K) → (…)."""
    if len(x) == 1:
        return curves[..., 0]
    widths = x[1:] - x[:-1]
    return ((curves[..., 1:] + curves[..., :-1]) / 2 * widths).sum(axis=-1) / widths.sum()
