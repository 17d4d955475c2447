"""Planted markets hold what they promise: the signal, its delay, its dose of asymmetry, and nothing else."""

import numpy as np
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading import Costs, backtest, performance
from nearsym.envs.trading.planted import LAG, coefficients, planted_prices, planted_strategy, shuffled_prices
from nearsym.envs.trading.strategies import Periodic, equal


def correlations(prices, lag):
    logs = prices.log_returns
    return [np.corrcoef(logs[lag:, i], logs[:-lag, i])[0, 1] for i in range(logs.shape[1])]


@pytest.mark.parametrize("dose", [0.0, 0.5, 1.0])
def test_returns_foretell_those_of_two_days_later(dose):
    prices = planted_prices(days=20_000, strength=0.4, dose=dose)
    np.testing.assert_allclose(correlations(prices, LAG), coefficients(6, 0.4, dose), atol=0.03)
    np.testing.assert_allclose(correlations(prices, 1), 0, atol=0.03)
    np.testing.assert_allclose(prices.log_returns.std(axis=0), 0.01, rtol=0.03)  # all alike but for the signal
    np.testing.assert_allclose(coefficients(2, 0.4, dose), [0.4, 0.4 - 0.8 * dose])


@pytest.mark.parametrize("dose", [0.0, 1.0])
def test_what_is_planted_can_be_earned(dose):
    """By a strategy that knows it, a day after each decision; by nobody where nothing is planted."""
    earned = {}
    for strength in (0.3, 0.0):
        prices = planted_prices(strength=strength, dose=dose)
        arguments = (10, 3000, Costs(0.0, 0.0))
        known = performance(backtest(prices, planted_strategy(0.3, dose), *arguments)).annual_return
        earned[strength] = known - performance(backtest(prices, Periodic(equal, 1), *arguments)).annual_return
    assert earned[0.3] > 0.5
    assert abs(earned[0.0]) < 0.15


def test_a_rule_for_all_assets_is_of_no_use_where_they_are_opposite():
    prices = planted_prices(dose=1.0)
    alike = performance(backtest(prices, planted_strategy(0.3, 0.0), 10, 3000, Costs(0.0, 0.0))).annual_return
    assert abs(alike) < 0.2


def test_shuffling_leaves_every_day_and_no_name(walks):
    """One asset moves more than the others; after shuffling each of them does so in its turn."""
    prices = walks(4200, volatility=[0.03, 0.01, 0.01, 0.01])
    whole, half, none = (shuffled_prices(prices, dose) for dose in (1.0, 0.5, 0.0))
    np.testing.assert_allclose(whole.log_returns, prices.log_returns, atol=1e-12)
    for other in (half, none):  # the same returns on every day, dealt otherwise
        np.testing.assert_allclose(np.sort(other.log_returns), np.sort(prices.log_returns), atol=1e-12)
    spread = [np.ptp(each.log_returns.std(axis=0)) for each in (prices, half, none)]
    assert spread[0] > 0.019 and spread[0] > 1.5 * spread[1] > 3 * spread[2]
    moved = (np.abs(half.log_returns - prices.log_returns) > 1e-9).any(axis=1)
    assert 0.3 < moved.mean() < 0.6  # half of the months, but for those that keep their order by chance
    with pytest.raises(InputError, match="dose is 2"):
        shuffled_prices(prices, 2)


def test_strengths_and_doses_out_of_range_are_refused():
    with pytest.raises(InputError, match="strength is 1"):
        planted_prices(strength=1)
    with pytest.raises(InputError, match="dose is -1"):
        planted_prices(dose=-1)
