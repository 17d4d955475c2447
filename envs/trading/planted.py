"""Made-up markets: with something to learn of which it is known what, and real ones whose assets have no names."""

from __future__ import annotations

import numpy as np

from nearsym.envs.errors import InputError

from .backtest import Strategy
from .prices import FloatArray, Prices

MONTH = 21
"""Trading days for which names are dealt."""

LAG = 2
"""Days from a return to the one that it foretells: decided on the first, bought on the next, held over the other."""


def coefficients(assets: int, strength: float, dose: float) -> FloatArray:
    """(N,) b_i of `planted_prices`: ``strength`` for even i and ``(1 - 2 dose) · strength`` for odd ones."""
    return strength * (1 - 2 * dose * (np.arange(assets) % 2))


def planted_prices(
    assets: int = 6,
    days: int = 3000,
    strength: float = 0.3,
    dose: float = 0.0,
    volatility: float = 0.01,
    seed: int = 0,
) -> Prices:
    """Prices whose returns foretell those of two days later.

        r_i(t) = b_i r_i(t - 2) + σ √(1 - b_i²) n,   n ~ N(0, 1)

    All log-returns have the same variance and no mean. With ``dose`` 0 all b_i are the same: the assets are
    exchangeable, and none of them is worth knowing by name. With 1 every second one has the opposite sign: what follows
    a rise in one half of the assets follows a fall in the other, permutations within the halves are symmetries and
    others are not, and a policy that treats all assets alike has next to nothing to learn. 0.5 leaves every second one
    unforeseeable.

    Args:
        assets: N.
        days: T.
        strength: b, from 0 to below 1.
        dose: of asymmetry, from 0 to 1.
        volatility: σ, of a day.
        seed: of the returns.

    Raises:
        InputError: strength or dose is out of range.
    """
    if not 0 <= strength < 1:
        raise InputError(f"strength is {strength}, expected a number from 0 to below 1")
    if not 0 <= dose <= 1:
        raise InputError(f"dose is {dose}, expected a number from 0 to 1")
    b = coefficients(assets, strength, dose)
    noise = volatility * np.random.default_rng(seed).standard_normal((days, assets))
    returns = noise.copy()
    for day in range(LAG, days):
        returns[day] = b * returns[day - LAG] + np.sqrt(1 - b**2) * noise[day]
    dates = np.datetime64("2000-01-03") + np.arange(days)
    names = tuple(f"P{asset:02d}" for asset in range(assets))
    source = f"a planted signal (strength {strength:g}, dose {dose:g}, seed {seed})"
    return Prices(dates, names, 100 * np.exp(np.cumsum(returns, axis=0)), source=source)


def planted_strategy(strength: float, dose: float) -> Strategy:
    """Everything in the asset whose return after the next is expected to be the highest: b_i r_i(t), known exactly."""

    def best(close: FloatArray) -> FloatArray:
        weights = np.zeros(close.shape[1])
        weights[np.argmax(coefficients(close.shape[1], strength, dose) * np.log(close[-1] / close[-2]))] = 1.0
        return weights

    return best


def shuffled_prices(prices: Prices, dose: float, seed: int = 0) -> Prices:
    """A market whose returns are dealt to other tickers, month by month.

    Each month keeps its tickers with probability ``dose``, and otherwise has them in an order drawn at random, the same
    for all of its days. With 1 it is the market as it was; with 0 the assets are exchangeable by construction, while
    every day's returns, of equal weights and of the market, are what they were.

    Args:
        prices: a market.
        dose: from 0 to 1.
        seed: of the drawing.

    Raises:
        InputError: the dose is out of range.
    """
    if not 0 <= dose <= 1:
        raise InputError(f"dose is {dose}, expected a number from 0 to 1")
    generator, returns = np.random.default_rng(seed), prices.log_returns.copy()
    for start in range(0, len(returns), MONTH):
        kept, order = generator.random() < dose, generator.permutation(len(prices.tickers))
        if not kept:
            returns[start : start + MONTH] = returns[start : start + MONTH, order]
    close = np.concatenate([np.full((1, len(prices.tickers)), 100.0), 100 * np.exp(np.cumsum(returns, axis=0))])
    source = f"{prices.source}, tickers shuffled (dose {dose:g}, seed {seed})"
    return Prices(prices.dates, prices.tickers, close, source=source)
