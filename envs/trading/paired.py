"""The difference of two accounts on the same days, which is known much better than what either of them earns."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np

from nearsym.envs.errors import InputError

from .extra import extra
from .performance import FEWEST_RESAMPLED, ROUNDING
from .prices import YEAR, FloatArray


@dataclass(frozen=True)
class Paired:
    """Of an account with daily returns r and rewards u, and another one with s and v on the same T days.

    With several seeds, r and u are those of each, and every number is a mean over seeds.

    Attributes:
        difference: 252 · mean_t (u_t - v_t), reward a year.
        low: lower end of its 95% interval, nan with fewer than 30 days.
        high: upper end.
        tracking_error: of r_t - s_t, the standard deviation times √252.
        information_ratio: 252 · mean_t (r_t - s_t) / tracking_error; nan where the returns are the same.
    """

    difference: float
    low: float
    high: float
    tracking_error: float
    information_ratio: float

    @property
    def better(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low > 0


def paired(
    rewards: FloatArray,
    other_rewards: FloatArray,
    returns: FloatArray,
    other_returns: FloatArray,
    resamples: int = 1000,
    seed: int = 0,
) -> Paired:
    """Compare an account, of one or several seeds, with another one.

    The interval is that of a stationary bootstrap of days (Politis & Romano 1994), the same days for both accounts and
    all seeds, since all of them live through the same ones; block length as `nearsym.envs.trading.intervals` estimates
    it, from the mean over seeds. Seeds are drawn with replacement besides.

    Args:
        rewards: (T,) or (seeds, T) of the account.
        other_rewards: (T,), or (seeds, T) where seeds belong together, as those of a policy and its untrained self.
        returns: of the account, likewise.
        other_returns: of the other one, likewise.
        resamples: number of them.
        seed: of the resampling.

    Raises:
        InputError: the two do not have the same days, or arch is missing.
    """
    if np.shape(rewards)[-1] != np.shape(other_rewards)[-1]:
        raise InputError(
            f"the accounts have {np.shape(rewards)[-1]} and {np.shape(other_rewards)[-1]} daily rewards, expected "
            "those of the same days"
        )
    by_reward = np.atleast_2d(rewards - other_rewards)
    by_return = np.atleast_2d(returns - other_returns)
    errors = by_return.std(axis=1, ddof=1) * sqrt(YEAR)
    ratios = [
        YEAR * float(mean) / float(error) if error > ROUNDING else nan
        for mean, error in zip(by_return.mean(axis=1), errors, strict=True)
    ]
    low, high = _interval(by_reward, resamples, seed)
    return Paired(YEAR * float(by_reward.mean()), low, high, float(errors.mean()), float(np.mean(ratios)))


def _interval(differences: FloatArray, resamples: int, seed: int) -> tuple[float, float]:
    """95% interval of 252 times the mean of (seeds, T) differences."""
    seeds, days = differences.shape
    if days < FEWEST_RESAMPLED:
        return nan, nan
    mean = differences.mean(axis=0)
    if differences.std() <= ROUNDING:
        return (YEAR * float(mean.mean()),) * 2
    bootstrap, length = extra("arch.bootstrap"), 1.0
    if mean.std() > ROUNDING:
        length = max(length, float(bootstrap.optimal_block_length(mean)["stationary"].iloc[0]))
    # (resamples, seeds): the mean over resampled days of each seed
    drawn = bootstrap.StationaryBootstrap(length, differences.T, seed=seed).apply(_means, resamples)
    chosen = np.random.default_rng(seed).integers(seeds, size=(resamples, seeds))
    pooled = YEAR * np.take_along_axis(drawn, chosen, axis=1).mean(axis=1)
    low, high = np.quantile(pooled, [0.025, 0.975])
    return float(low), float(high)


def _means(days: FloatArray) -> FloatArray:
    means: FloatArray = days.mean(axis=0)
    return means
