"""Technical indicators of closing prices, without unit and from the past alone."""

from __future__ import annotations

import numpy as np

from .prices import FloatArray

WARM_UP = 60
"""Days before the slowest indicator is known."""

INDICATORS = ("return", "macd", "rsi_30", "bollinger_20", "sma_30", "sma_60")
"""Names, in the order of `indicators`."""


def indicators(close: FloatArray) -> FloatArray:
    """(T, 6, N) indicators of (T, N) closing prices; the first `WARM_UP` days are NaN.

    Row t depends on close[: t + 1] alone, and on prices in no particular unit:

        return        100 log(p_t / p_{t-1})
        macd          100 (EMA_12 - EMA_26) / p
        rsi_30        relative strength over 30 days (Wilder), from -1 to 1
        bollinger_20  (p - SMA_20) / (2 standard deviations over 20 days)
        sma_30        100 log(p / SMA_30)
        sma_60        100 log(p / SMA_60)
    """
    import pandas as pd  # an optional dependency

    prices = pd.DataFrame(close)
    change = prices.diff()
    gain = change.clip(lower=0).ewm(alpha=1 / 30).mean()
    loss = (-change.clip(upper=0)).ewm(alpha=1 / 30).mean()
    both = gain + loss
    band = prices.rolling(20)
    spread = 2 * band.std()
    columns = [
        100 * np.log(prices / prices.shift()),
        100 * (prices.ewm(span=12).mean() - prices.ewm(span=26).mean()) / prices,
        ((gain - loss) / both).where(both > 0, 0.0),  # a price that never moved has no direction
        ((prices - band.mean()) / spread).where(spread > 0, 0.0),
        100 * np.log(prices / prices.rolling(30).mean()),
        100 * np.log(prices / prices.rolling(60).mean()),
    ]
    table = np.stack([column.to_numpy() for column in columns], axis=1)
    table[:WARM_UP] = np.nan
    return table
