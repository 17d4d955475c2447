"""A strategy traded on past prices, one day after each decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nearsym.envs.errors import InputError

from .account import Account, Costs
from .prices import DateArray, FloatArray, Prices

Strategy = Callable[[FloatArray], FloatArray | None]
"""(t + 1, N) closing prices up to and with today → (N,) target weights, or None to leave the holdings alone.

A price is nan while an asset is not listed; what a strategy puts there stays in cash."""

ROUNDING = 1e-6
"""By how much target weights may exceed the greatest exposure: solvers stop within about this much."""


@dataclass(frozen=True, eq=False)
class Curve:
    """What became of an account, day by day, after the trades of each close.

    Attributes:
        dates: (T,) days.
        value: (T,) of the account at each close, after the costs of that day; first the cash it started with.
        weights: (T, N) fraction of the value in each asset; what is missing to 1 is cash. Zeros after ruin.
        traded: (T,) value bought plus value sold on each day.
        paid: (T,) costs of each day.
    """

    dates: DateArray
    value: FloatArray
    weights: FloatArray
    traded: FloatArray
    paid: FloatArray

    @property
    def returns(self) -> FloatArray:
        """(T - 1,) value[t + 1] / value[t] - 1, and 0 once nothing is left."""
        before = self.value[:-1]
        return np.divide(np.diff(self.value), before, out=np.zeros(len(before)), where=before > 0)


def check_weights(weights: FloatArray, assets: tuple[str, ...], max_gross: float = 1.0) -> None:
    """Refuse target weights that cannot be traded.

    Args:
        weights: (N,) of the value in each asset, negative where sold short.
        assets: N names.
        max_gross: the greatest Σ|w_i|; 1 for an account that borrows no money.

    Raises:
        InputError: the shape is wrong, a weight is not finite (says whose), or Σ|w_i| exceeds max_gross.
    """
    if np.shape(weights) != (len(assets),):
        raise InputError(
            f"target weights have shape {np.shape(weights)}, expected ({len(assets)},): one weight for each asset"
        )
    bad = ~np.isfinite(weights)
    if bad.any():
        first = int(bad.argmax())
        raise InputError(
            f"the target weight of {assets[first]} is {weights[first]}, expected a finite number; a strategy returns "
            "None to hold what it has"
        )
    gross = float(np.abs(weights).sum())
    if gross > max_gross + ROUNDING:
        raise InputError(
            f"target weights sum to {gross:g} in absolute value, expected at most {max_gross:g}; scale them down"
        )


def backtest(
    prices: Prices,
    strategy: Strategy,
    start: int,
    stop: int,
    costs: Costs,
    cash: float = 1e6,
    max_gross: float = 1.0,
) -> Curve:
    """Trade a strategy on the days start, …, stop - 1.

    Each day t = start, …, stop - 2 the strategy sees close[0], …, close[t] and decides; the trade is done at
    close[t + 1]. Nothing is thus held before close[start + 1]. An account worth nothing or less is closed: its value
    stays as it is to the end.

    Args:
        prices: of N assets.
        strategy: sees a read-only view of the past.
        start: row of the first decision.
        stop: row after the last close.
        costs: of trading.
        cash: to start with.
        max_gross: the greatest Σ|w_i| a strategy may ask for.

    Raises:
        InputError: fewer than two days, rows outside the prices, no cash, or weights refused by `check_weights`, with
            the day.
    """
    if not (0 <= start and start + 2 <= stop <= len(prices.dates)):
        raise InputError(
            f"rows {start} to {stop} cannot be traded, expected 0 <= start, start + 2 <= stop and "
            f"stop <= {len(prices.dates)}, the number of days"
        )
    if not 0 < cash < np.inf:
        raise InputError(f"cash is {cash:g}, expected a positive number")
    seen, listed = prices.seen, prices.listed
    account, days = Account(cash, len(prices.tickers), costs), stop - start
    value, traded, paid = np.full(days, float(cash)), np.zeros(days), np.zeros(days)
    weights = np.zeros((days, len(prices.tickers)))
    for day in range(1, days):
        today = start + day
        close = prices.close[today]
        target = strategy(seen[:today])  # decided yesterday, on the rows up to and with today - 1
        account.carry(prices.close[today - 1])
        if account.value(close) > 0 and target is not None:
            try:
                check_weights(target, prices.tickers, max_gross)
            except InputError as error:
                raise InputError(f"{prices.dates[today - 1]}: {error}") from error
            if listed is not None:
                target = np.where(listed[today - 1] & listed[today], target, 0.0)
            trade = account.rebalance(target, close)
            traded[day], paid[day] = trade.traded, trade.paid
        value[day] = account.value(close)
        if value[day] <= 0:
            value[day:] = value[day]
            break
        weights[day] = account.weights(close)
    return Curve(prices.dates[start:stop], value, weights, traded, paid)
