"""Strategies that an agent is held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from nearsym.envs.errors import InputError

from .backtest import Curve, Strategy
from .extra import extra
from .prices import YEAR, FloatArray, Prices

WEEK, MONTH, QUARTER = 5, 21, 63
"""Trading days."""


@dataclass
class Periodic:
    """Decide on the first day and again after every so many days, hold in between.

    Attributes:
        decide: (t + 1, N) closing prices → (N,) target weights.
        every: days from one decision to the next; None for one decision only.
    """

    decide: Callable[[FloatArray], FloatArray]
    every: int | None
    _next: float = field(default=0, init=False)

    def __call__(self, close: FloatArray) -> FloatArray | None:
        """Weights on a day of decision, otherwise None."""
        if len(close) < self._next:
            return None
        self._next = np.inf if self.every is None else len(close) + self.every
        return self.decide(close)


def equal(close: FloatArray) -> FloatArray:
    """(N,) weights 1/N, of the N assets that are listed today."""
    listed = np.isfinite(close[-1])
    return listed / max(1, int(listed.sum()))


def of_listed(close: FloatArray, days: int, decide: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """(N,) weights decided for the assets that have been listed on all of the last days, and none for others."""
    listed = np.isfinite(close[-days - 1 :]).all(axis=0)
    weights = np.zeros(close.shape[1])
    if listed.any():
        weights[listed] = decide(close[:, listed])
    return weights


def reversal(close: FloatArray, days: int = WEEK) -> FloatArray:
    """(N,) weights (1 - z_i) / N, z_i from -1 for the asset that fell most in the last days to 1 for the opposite.

    Short-term reversal (Lehmann, "Fads, martingales, and market efficiency", 1990), tilted from equal weights by ranks.

    Raises:
        InputError: the past is shorter.
    """

    def tilted(close: FloatArray) -> FloatArray:
        ranks = np.argsort(np.argsort(np.log1p(trailing_returns(close, days)).sum(axis=0)))
        weights: FloatArray = (1 - (2 * ranks / max(len(ranks) - 1, 1) - 1)) / len(ranks)
        return weights

    return of_listed(close, days, tilted)


def trailing_returns(close: FloatArray, days: int = YEAR) -> FloatArray:
    """(days, N) simple returns of the last days.

    Raises:
        InputError: the past is shorter.
    """
    if len(close) <= days:
        raise InputError(
            f"{len(close)} closing prices lie before the first decision, expected at least {days + 1} to fit a "
            f"portfolio; start at row {days} or later"
        )
    recent = close[-days - 1 :]
    returns: FloatArray = np.diff(recent, axis=0) / recent[:-1]
    return returns


def minimum_variance(close: FloatArray) -> FloatArray:
    """(N,) weights: minimise wᵀΣw over w ≥ 0, Σ_i w_i = 1 (Markowitz 1952), with the sample covariance Σ."""
    library = extra("skfolio.optimization")
    return _fitted(library.MeanRisk(objective_function=library.ObjectiveFunction.MINIMIZE_RISK), close)


def maximum_sharpe(close: FloatArray) -> FloatArray:
    """(N,) weights: maximise μᵀw / √(wᵀΣw) over w ≥ 0, Σ_i w_i = 1, with the sample mean μ and covariance Σ.

    Where no asset has a positive mean, minimum variance instead.
    """
    # The ratio is maximised through a convex problem normed by μᵀw = 1, which has no solution when no mean is positive.
    if (
        np.max(trailing_returns(close).mean(axis=0), initial=-np.inf, where=np.isfinite(close[-YEAR - 1 :]).all(axis=0))
        <= 0
    ):
        return minimum_variance(close)
    library = extra("skfolio.optimization")
    return _fitted(library.MeanRisk(objective_function=library.ObjectiveFunction.MAXIMIZE_RATIO), close)


def risk_parity(close: FloatArray) -> FloatArray:
    """(N,) weights w ≥ 0, Σ_i w_i = 1, whose risks w_i (Σw)_i are all equal (Maillard, Roncalli & Teïletche 2010)."""
    return _fitted(extra("skfolio.optimization").RiskBudgeting(), close)


def _fitted(model: Any, close: FloatArray) -> FloatArray:
    return of_listed(close, YEAR, partial(_fit, model))


def _fit(model: Any, close: FloatArray) -> FloatArray:
    # In percent: no portfolio here depends on the unit, and the solver reaches its accuracy more often than on 1e-4s.
    weights: FloatArray = np.asarray(model.fit(100 * trailing_returns(close)).weights_, dtype=np.float64)
    weights = np.maximum(weights, 0)  # an interior-point solver may stop a little below zero
    return weights / weights.sum()


REFERENCES: dict[str, Callable[[], Strategy]] = {
    "equal weight": partial(Periodic, equal, MONTH),
    "buy and hold": partial(Periodic, equal, None),
    "minimum variance": partial(Periodic, minimum_variance, QUARTER),
    "mean-variance": partial(Periodic, maximum_sharpe, QUARTER),
    "risk parity": partial(Periodic, risk_parity, QUARTER),
}
"""Makers of strategies, by name; a strategy remembers when it last decided and serves for one backtest.

Those of `FITTED` need the optional extra `trading` (skfolio).
"""

FITTED = ("minimum variance", "mean-variance", "risk parity")
"""Strategies that need a year of prices before the first decision."""


def index_curve(prices: Prices, start: int, stop: int, cash: float) -> Curve | None:
    """The market index, held on the days start, …, stop - 1 and never traded; None where the prices have no index.

    value[t] = cash · index[t] / index[start]: no costs, no dividends, and held from the first close on, a day earlier
    than any strategy can buy.

    Raises:
        InputError: rows outside the prices.
    """
    if prices.index is None:
        return None
    if not 0 <= start < stop <= len(prices.dates):
        raise InputError(
            f"there is no index from row {start} to {stop}, expected 0 <= start < stop <= {len(prices.dates)}, the "
            "number of days"
        )
    level = prices.index[start:stop]
    nothing = np.zeros(len(level))
    return Curve(prices.dates[start:stop], cash * level / level[0], np.ones((len(level), 1)), nothing, nothing)
