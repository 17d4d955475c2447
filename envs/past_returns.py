"""A market written down as arrays, for an agent that differentiates through it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PastReturns:
    """All that decides what a portfolio of N assets earns.

    Attributes:
        growth: (T, N) close[t] / close[t - 1]; the first row is 1.
        train: (start, stop) rows of training.
        window: log-returns of each asset in an observation, oldest first, followed by the assets' weights.
        scale: unit of these log-returns.
        rate: costs, as a fraction of the traded value: (), or (N,) for each asset.
        interest: that a day earns on cash.
        borrowing: that a day costs on borrowed cash and on what is sold short.
        sharpness: long-only weights are those of softmax(sharpness · action) but for the last, which is cash.
        leverage: weights are leverage · a / max(1, Σ|a|) instead; None for long-only ones.
        risk_aversion: λ of the reward p - λ/2 p², p the log-return of a day in percent.
        every: days from one decision to the next.
        band: nothing is traded while no weight differs from its target by more.
        features: (T, F·N) further numbers observed each day, after the weights.
        listed: (T, N) assets that may be held, or None for all; those bought have to be listed on the day of the
            decision and on the day of the trade.
    """

    growth: NDArray[np.float64]
    train: tuple[int, int]
    window: int
    scale: float
    rate: NDArray[np.float64]
    interest: float
    borrowing: float
    sharpness: float
    leverage: float | None
    risk_aversion: float
    every: int
    band: float
    features: NDArray[np.float64]
    listed: NDArray[np.bool_] | None
