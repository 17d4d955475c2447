"""What an evaluation says of the accounts that it puts side by side."""

from dataclasses import replace

import numpy as np
import pytest

from nearsym.envs.trading import Portfolio
from nearsym.envs.trading.evaluation import evaluate


def market_of(prices, **kwargs):
    market = Portfolio(prices=prices, window=20, validation_years=1, test_years=1, **kwargs)
    market.set_split("test")
    return market


def holding(market, asset=None):
    """A policy that always wants equal weights, or one asset alone."""
    action = np.zeros(market.action_space.shape, dtype=np.float32)
    action[-1] = -1  # no cash
    if asset is not None:
        action[:], action[asset] = -1, 1
    return lambda observation: action


def report_of(prices, **kwargs):
    market = market_of(prices, **kwargs)
    return evaluate(market, market, holding(market), [0.0], "gaussian", 1, 1)


def lines(report):
    return [item for item in report.tables("Test") if isinstance(item, str)]


def test_an_index_says_that_it_has_no_dividends(walks):
    prices = walks(1200)
    with_index = report_of(replace(prices, index=prices.close[:, 0]))
    (line,) = [line for line in lines(with_index) if line.startswith("index: ")]
    assert "without the dividends" in line
    assert not any(line.startswith("index: ") for line in lines(report_of(prices)))


def test_what_was_learned_is_judged_on_the_days_of_training(walks):
    """One asset rises and the others do not: to hold it passes the gate, to hold another does not."""
    prices = walks(1500)
    close = prices.close.copy()
    close[:, 0] *= np.exp(0.003 * np.arange(len(close)))
    for asset, passed in ((0, True), (1, False)):
        market = market_of(replace(prices, close=close))
        report = evaluate(market, market, holding(market, asset), [0.0], "gaussian", 1, 1, holding(market))
        assert report.learned is passed
        assert set(report.gate) == {"untrained", "equal weight"}
        (line,) = [line for line in lines(report) if line.startswith("the gate")]
        assert ("not passed" in line) is not passed
    assert market.current == "test" and (market.day, market.period) == (market.period[1] - 1, market.split.train)


def test_nothing_learned_is_nothing_passed(walks):
    """The same policy trained and untrained differs from itself by exactly nothing, which is no gain."""
    market = market_of(walks(1500))
    report = evaluate(market, market, holding(market), [0.0], "gaussian", 1, 1, holding(market))
    same = report.gate["untrained"]
    assert (same.difference, same.low, same.high, same.tracking_error) == (0, 0, 0, 0)
    assert report.learned is False
    assert evaluate(market, market, holding(market), [0.0], "gaussian", 1, 1).learned is None


def test_differences_are_in_the_reward_of_the_agent(walks):
    """By hand, for a reward that is no logarithm; and without the noise that was observed before."""
    market = market_of(walks(1500), reward="risk_penalised", risk_aversion=0.3)
    report = evaluate(market, market, holding(market, 2), [0.0, 0.05], "gaussian", 2, 1, holding(market))
    percent = {name: 100 * np.log1p(curve.returns) for name, curve in report.curves.items()}
    worth = {name: each - 0.15 * each**2 for name, each in percent.items()}
    for name in ("untrained", "equal weight", "buy and hold"):
        expected = 252 * (worth["agent"] - worth[name]).mean()
        assert report.paired[name].difference == pytest.approx(expected)
        assert report.paired[name].low < expected < report.paired[name].high
    assert market.price_noise == 0


def test_a_run_with_noise_of_its_own_keeps_it(walks):
    market = market_of(walks(1500))
    market.set_price_noise(0.01)
    evaluate(market, market, holding(market), [0.0, 0.05], "gaussian", 1, 1, holding(market))
    assert market.price_noise == 0.01
