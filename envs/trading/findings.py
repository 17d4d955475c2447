"""What looks wrong in prices that can nevertheless be traded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .period import LONGEST_CLOSURE
from .prices import FloatArray, Prices

STALE = 10
"""Days with the same close from which on a price counts as stale."""

SPLITS = {"2:1": 2.0, "3:1": 3.0, "4:1": 4.0, "5:1": 5.0, "10:1": 10.0, "20:1": 20.0, "3:2": 1.5}
NEAR_SPLIT = 0.02
CALM = 0.02
"""Largest median |return| of the other assets on a day without news for all."""

ROUNDING = 1e-6
"""Relative error allowed to adjusted prices: factors of adjustment are rounded."""

ALL = "all"


@dataclass(frozen=True)
class Finding:
    """Something suspicious.

    Attributes:
        ticker: of the asset, or ``all``.
        date: day on which it is first seen.
        text: what it is, in words.
    """

    ticker: str
    date: np.datetime64
    text: str


def findings(prices: Prices) -> list[Finding]:
    """Suspicious but tradable: stale prices, likely unadjusted splits, long gaps, closes outside the day's range.

    Args:
        prices: complete, as `Prices` guarantees.

    Returns:
        Findings in order of date.
    """
    found = [*_stale(prices), *_splits(prices), *_gaps(prices), *_outside(prices)]
    return sorted(found, key=lambda finding: (finding.date, finding.ticker))


def _stale(prices: Prices) -> list[Finding]:
    found = []
    for ticker, close in zip(prices.tickers, prices.seen.T, strict=True):
        starts = np.flatnonzero(np.append(True, close[1:] != close[:-1]))
        lengths = np.diff(np.append(starts, len(close)))
        for start, length in zip(starts[lengths >= STALE], lengths[lengths >= STALE], strict=True):
            last = prices.dates[start + length - 1]
            text = f"close stays at {close[start]:g} for {length} days, to {last}: no trading, or prices filled in"
            found.append(Finding(ticker, prices.dates[start], text))
    return found


def _splits(prices: Prices) -> list[Finding]:
    ratios: FloatArray = np.exp(prices.log_returns)
    found = []
    for asset, ticker in enumerate(prices.tickers):
        others = np.abs(np.delete(ratios, asset, axis=1) - 1)
        calm = np.median(others, axis=1) < CALM if others.shape[1] else np.ones(len(ratios), dtype=bool)
        for name, split in SPLITS.items():
            for day in np.flatnonzero(calm & (np.abs(ratios[:, asset] * split - 1) <= NEAR_SPLIT)):
                text = f"close falls to {ratios[day, asset]:.3g} of the day before: a split {name} not adjusted for?"
                found.append(Finding(ticker, prices.dates[day + 1], text))
            for day in np.flatnonzero(calm & (np.abs(ratios[:, asset] / split - 1) <= NEAR_SPLIT)):
                reverse = ":".join(reversed(name.split(":")))
                text = f"close rises {ratios[day, asset]:.3g}-fold in a day: a split {reverse} not adjusted for?"
                found.append(Finding(ticker, prices.dates[day + 1], text))
    return found


def _gaps(prices: Prices) -> list[Finding]:
    days = np.diff(prices.dates).astype(int)
    return [
        Finding(ALL, prices.dates[day], f"no prices for {days[day]} days, until {prices.dates[day + 1]}")
        for day in np.flatnonzero(days > LONGEST_CLOSURE)
    ]


def _outside(prices: Prices) -> list[Finding]:
    """One finding for each asset: where adjustment went wrong it did so on many days."""
    outside = np.zeros(prices.close.shape, dtype=bool)
    if prices.low is not None:
        outside |= prices.close < prices.low * (1 - ROUNDING)
    if prices.high is not None:
        outside |= prices.close > prices.high * (1 + ROUNDING)
    found = []
    for asset in np.flatnonzero(outside.any(axis=0)):
        day = int(outside[:, asset].argmax())
        more = int(outside[:, asset].sum()) - 1
        text = f"close {prices.close[day, asset]:g} lies outside the day's low and high, there and on {more} more days"
        found.append(Finding(prices.tickers[asset], prices.dates[day], text))
    return found
