"""How good an account's curve is, and how sure one may be of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import e, nan, sqrt
from statistics import NormalDist

import numpy as np

from nearsym.envs.errors import InputError

from .backtest import Curve
from .extra import extra
from .prices import YEAR, FloatArray

FEWEST, FEWEST_RESAMPLED = 3, 30
"""Daily returns below which nothing is estimated, and below which the block length of a bootstrap is not."""
ROUNDING = 1e-12
"""A daily deviation or a drawdown below this is a rounding error, and no ratio is formed with it."""
STATISTICS = ("annual_return", "annual_volatility", "sharpe", "sortino", "calmar", "max_drawdown")
"""The fields of `Performance` that the daily returns determine, in the order of `return_statistics`."""


@dataclass(frozen=True)
class Performance:
    """Of T daily returns r_t with mean m and wealth W_t = Π_{u ≤ t} (1 + r_u), W_0 = 1; nan where undefined.

    The rate of interest without risk is taken to be 0.

    Attributes:
        annual_return: W_T^(252/T) - 1, geometric; -1 after ruin.
        annual_volatility: s √252 with s² = Σ_t (r_t - m)² / (T - 1).
        sharpe: m/s √252, of the arithmetic mean (Sharpe 1994); nan without volatility.
        sortino: m/d √252 with d² = Σ_t min(r_t, 0)² / T, the deviation below 0 over all days (Sortino & Price 1994);
            nan when no day lost. skfolio's measures below m, divided by T - 1, unless told otherwise.
        calmar: annual_return / max_drawdown over all the days; nan without a drawdown. skfolio's divides m instead.
        max_drawdown: max_t 1 - W_t / max_{u ≤ t} W_u, from 0 to 1.
        turnover: value traded / mean value, a year; buying and selling both count.
        costs: commission and slippage paid, as a fraction of the starting value.
        days: T.
    """

    annual_return: float
    annual_volatility: float
    sharpe: float
    sortino: float
    calmar: float
    max_drawdown: float
    turnover: float
    costs: float
    days: int


def performance(curve: Curve) -> Performance:
    """Measure a curve; the first six numbers are nan with fewer than 3 returns."""
    growth, volatility, sharpe, sortino, calmar, drawdown = return_statistics(curve.returns).tolist()
    days, mean = len(curve.returns), float(curve.value.mean())
    turnover = _ratio(float(curve.traded.sum()) * YEAR, mean * days)
    costs = _ratio(float(curve.paid.sum()), float(curve.value[0]))
    return Performance(growth, volatility, sharpe, sortino, calmar, drawdown, turnover, costs, days)


def return_statistics(returns: FloatArray) -> FloatArray:
    """(T,) daily returns → (6,) the values of `STATISTICS`."""
    if len(returns) < FEWEST:
        return np.full(len(STATISTICS), nan)
    # A return of -1 or below is ruin: nothing is left, and nothing comes back.
    wealth = np.concatenate([[1.0], np.cumprod(np.maximum(1 + returns, 0))])
    drawdown = float((1 - wealth / np.maximum.accumulate(wealth)).max())
    growth = float(wealth[-1] ** (YEAR / len(returns))) - 1
    mean, deviation = float(returns.mean()), float(returns.std(ddof=1))
    below = sqrt(float((np.minimum(returns, 0) ** 2).mean()))
    sharpe, sortino = _ratio(mean, deviation) * sqrt(YEAR), _ratio(mean, below) * sqrt(YEAR)
    return np.array([growth, deviation * sqrt(YEAR), sharpe, sortino, _ratio(growth, drawdown), drawdown])


def _ratio(above: float, below: float) -> float:
    return above / below if below > ROUNDING else nan


def intervals(
    curve: Curve, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """(low, high) for each of `STATISTICS`, by the stationary bootstrap (Politis & Romano 1994).

    Blocks of days with geometrically distributed lengths keep the dependence between near days; their mean length is
    estimated from the returns (Politis & White 2004, corrected by Patton, Politis & White 2009). The interval lies
    between the quantiles (1 ∓ level)/2 of the resampled statistics, the same resamples for all of them. Calmar and the
    drawdown depend on the order of all days, of which blocks keep only a part: their intervals are rough.

    Args:
        curve: of at least 31 closes; with fewer the intervals are nan.
        level: of confidence.
        resamples: number of them.
        seed: of the resampling.

    Returns:
        name → (low, high), nan where a resample leaves the statistic undefined.

    Raises:
        InputError: the level is not between 0 and 1, or there are no resamples, or arch is missing.
    """
    if not 0 < level < 1:
        raise InputError(f"level is {level}, expected a number between 0 and 1, such as 0.95")
    if resamples < 1:
        raise InputError(f"resamples is {resamples}, expected at least 1; 1000 is usual")
    returns = curve.returns
    if len(returns) < FEWEST_RESAMPLED:
        return dict.fromkeys(STATISTICS, (nan, nan))
    bootstrap = extra("arch.bootstrap")
    length = 1.0  # returns that are all alike have no autocorrelation to estimate one from
    if returns.std() > ROUNDING:
        length = max(length, float(bootstrap.optimal_block_length(returns)["stationary"].iloc[0]))
    drawn = bootstrap.StationaryBootstrap(length, returns, seed=seed).apply(return_statistics, resamples)
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return {name: (float(low[i]), float(high[i])) for i, name in enumerate(STATISTICS)}


def interval(curve: Curve, name: str, level: float = 0.95, resamples: int = 1000, seed: int = 0) -> tuple[float, float]:
    """(low, high) for one of `STATISTICS`; see `intervals`.

    Raises:
        InputError: there is no such statistic.
    """
    if name not in STATISTICS:
        raise InputError(f"there is no interval for {name!r}, expected one of {', '.join(STATISTICS)}")
    return intervals(curve, level, resamples, seed)[name]


def expected_best(trials: int, variance: float) -> float:
    """Expected maximum of the Sharpe ratios of so many independent trials without skill.

    √V [(1 - γ) Φ⁻¹(1 - 1/N) + γ Φ⁻¹(1 - 1/(N e))],   γ = 0.5772…   (Bailey & López de Prado 2014, eq. 1)

    Raises:
        InputError: there is no trial, or the variance is negative.
    """
    if trials < 1:
        raise InputError(f"trials is {trials}, expected at least 1: the one that is judged counts")
    if not 0 <= variance < np.inf:
        raise InputError(f"the variance of the Sharpe ratios is {variance}, expected 0 or a positive number")
    if trials == 1:
        return 0.0
    quantile = NormalDist().inv_cdf
    bulk, tail = quantile(1 - 1 / trials), quantile(1 - 1 / (trials * e))
    return sqrt(variance) * ((1 - np.euler_gamma) * bulk + np.euler_gamma * tail)


def deflated_sharpe(returns: FloatArray, trials: int, variance: float | None = None) -> float:
    """Confidence that the best of several trials has a true Sharpe ratio above what luck alone gives the best of them.

    It is 1 - p for the p-value of a one-sided test: how often returns whose true Sharpe ratio is S₀, what the best of
    so many trials without skill is expected to show, would show a lower one than was seen. It is no probability of
    skill, for which one would have to know how common skill is.

    Φ[(S - S₀) √(T - 1) / √(1 - γ₃ S + (γ₄ - 1)/4 S²)]

    with the daily Sharpe ratio S, skewness γ₃ and kurtosis γ₄ (3 for a normal distribution) of the returns, and the
    `expected_best` S₀ of the trials. One trial gives the probabilistic Sharpe ratio against 0.

    Source: Bailey & López de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5).

    Args:
        returns: (T,) daily, of the best trial.
        trials: how many independent ones were made, this one among them.
        variance: of the trials' daily Sharpe ratios (an annual one, divided by 252). By default 1/(T - 1), by which
            the estimates of trials without skill differ; trials that differ more make the result too high.

    Returns:
        From 0 to 1; nan with fewer than 3 returns or without volatility.

    Raises:
        InputError: see `expected_best`.
    """
    returns = np.asarray(returns, dtype=np.float64)
    days = len(returns)
    best = expected_best(trials, 1 / max(days - 1, 1) if variance is None else variance)
    if days < FEWEST or returns.std() <= ROUNDING:
        return nan
    sharpe = float(returns.mean() / returns.std(ddof=1))
    standard = (returns - returns.mean()) / returns.std()
    spread = 1 - float((standard**3).mean()) * sharpe + (float((standard**4).mean()) - 1) / 4 * sharpe**2
    return NormalDist().cdf((sharpe - best) * sqrt((days - 1) / spread)) if spread > 0 else nan
