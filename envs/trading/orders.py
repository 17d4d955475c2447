"""What is bought and sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .account import Costs
from .backtest import Curve
from .prices import FloatArray, Prices

SMALLEST = 1e-9
"""Fraction of an account's value below which nothing was traded, but for rounding."""


@dataclass(frozen=True)
class Order:
    """A trade in one asset.

    Attributes:
        date: day at whose close it is done.
        ticker: of the asset.
        shares: bought, or sold where negative; not whole where an account is rebalanced to weights.
        price: of a share.
        cost: commission and slippage.
        before: fraction of the account's value in the asset, before all trades of the day.
        after: the same after them.
    """

    date: np.datetime64
    ticker: str
    shares: float
    price: float
    cost: float
    before: float
    after: float


def orders(curve: Curve, prices: Prices, costs: Costs) -> list[Order]:
    """Every trade of an account, in order of days and assets.

    Args:
        curve: of the account.
        prices: of its assets.
        costs: of trading.
    """
    rows = np.searchsorted(prices.dates, curve.dates)
    close = prices.close[rows]
    held = curve.weights * curve.value[:, None] / close
    rate = np.broadcast_to(costs.rate, close.shape[1:])
    found = []
    for day in np.flatnonzero(curve.traded > 0):
        changes = held[day] - held[day - 1]
        value = curve.value[day] + curve.paid[day]
        for asset in np.flatnonzero(np.abs(changes) * close[day] > SMALLEST * value):
            change, price = float(changes[asset]), float(close[day, asset])
            before = float(held[day - 1, asset] * price / value)
            cost = float(rate[asset] * abs(change) * price)
            after = float(curve.weights[day, asset])
            found.append(Order(curve.dates[day], prices.tickers[asset], change, price, cost, before, after))
    return found


def orders_from(before: FloatArray, after: FloatArray, value: float, prices: Prices, costs: Costs) -> list[Order]:
    """What takes an account from one holding of shares to another, at the last prices: one order for each asset.

    Args:
        before: (N,) shares.
        after: (N,) shares.
        value: of the account, before costs.
        prices: of the assets.
        costs: of trading.
    """
    close, date = prices.close[-1], prices.dates[-1]
    paid = costs.rate * np.abs(after - before) * close
    rest = value - float(paid.sum())
    return [
        Order(
            date,
            ticker,
            float(after[i] - before[i]),
            float(close[i]),
            float(paid[i]),
            float(before[i] * close[i] / value),
            float(after[i] * close[i] / rest),
        )
        for i, ticker in enumerate(prices.tickers)
    ]
