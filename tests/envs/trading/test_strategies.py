"""Reference portfolios against the conditions that define them."""

import subprocess
import sys

import numpy as np
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading.account import Costs
from nearsym.envs.trading.backtest import backtest
from nearsym.envs.trading.prices import Prices
from nearsym.envs.trading.strategies import (
    REFERENCES,
    Periodic,
    equal,
    index_curve,
    maximum_sharpe,
    minimum_variance,
    reversal,
    risk_parity,
    trailing_returns,
)

COSTS = Costs(0.001, 0.0)


def closes(days=330, drift=0.0005, seed=0):
    """Four assets with different risks and a common factor."""
    rng = np.random.default_rng(seed)
    common, own = rng.normal(0, 0.008, (days, 1)), rng.normal(0, 1, (days, 4)) * [0.004, 0.008, 0.012, 0.02]
    return 100 * np.exp(np.cumsum(drift + common + own, axis=0))


def market(index=None, **settings):
    close = closes(**settings)
    return Prices(np.datetime64("2020-01-01") + np.arange(len(close)), tuple("ABCD"), close, index=index)


def moments(close):
    returns = np.diff(close[-253:], axis=0) / close[-253:-1]
    return returns.mean(axis=0), np.cov(returns.T)


def slack(gradient, weights):
    """How far from a minimum over w ≥ 0, Σ w = 1: there the gradient is least, and equal, wherever w > 0."""
    return float(weights @ (gradient - gradient.min())) / float(np.abs(gradient).max())


def variance_slack(weights, close):
    return slack(moments(close)[1] @ weights, weights)


def sharpe_slack(weights, close):
    mean, covariance = moments(close)
    return slack(mean @ weights * (covariance @ weights) - weights @ covariance @ weights * mean, weights)


def parity_slack(weights, close):
    risk = weights * (moments(close)[1] @ weights)
    return float(np.ptp(risk) / risk.mean())


@pytest.mark.parametrize(
    ("portfolio", "violation"),
    [(minimum_variance, variance_slack), (maximum_sharpe, sharpe_slack), (risk_parity, parity_slack)],
)
def test_fitted_portfolios_meet_their_condition(portfolio, violation):
    close = closes()
    weights = portfolio(close)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    assert violation(weights, close) < 1e-3
    assert violation(np.full(4, 0.25), close) > 0.02  # control: some other portfolio


def test_reversal_holds_what_fell():
    """By hand: ranks of the last week's returns, the highest of which gets nothing."""
    close = np.ones((20, 4))
    close[-1] = [1.2, 0.9, 1.0, 1.1]
    np.testing.assert_allclose(reversal(close), [0, 1 / 2, 1 / 3, 1 / 6])
    close[:-6] *= [0.1, 3, 2, 1]  # control: what was before counts for nothing
    np.testing.assert_allclose(reversal(close), [0, 1 / 2, 1 / 3, 1 / 6])
    assert reversal(close[:, ::-1])[0] > 0.1


def test_without_a_gain_in_sight_maximum_sharpe_is_minimum_variance():
    falling, rising = closes(drift=-0.005), closes(drift=0.005)
    assert moments(falling)[0].max() < 0
    np.testing.assert_array_equal(maximum_sharpe(falling), minimum_variance(falling))
    assert np.abs(maximum_sharpe(rising) - minimum_variance(rising)).max() > 0.01


def test_only_the_last_year_is_fitted():
    close = closes()
    scrambled = close.copy()
    scrambled[: 330 - 253] *= np.random.default_rng(1).uniform(0.5, 2, (330 - 253, 4))
    np.testing.assert_array_equal(risk_parity(scrambled), risk_parity(close))
    scrambled[330 - 253] *= [0.5, 1, 1, 1]
    assert np.abs(risk_parity(scrambled) - risk_parity(close)).max() > 1e-3


def test_too_little_history_is_refused():
    assert trailing_returns(closes(253)).shape == (252, 4)
    with pytest.raises(InputError) as refusal:
        risk_parity(closes(252))
    assert str(refusal.value) == (
        "252 closing prices lie before the first decision, expected at least 253 to fit a portfolio; start at row 252 "
        "or later"
    )


def test_without_skfolio_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skfolio.optimization", None)
    with pytest.raises(InputError, match=r"^skfolio.*pip install 'nearsym\[trading\]'"):
        minimum_variance(closes())


@pytest.mark.parametrize(
    ("statement", "loaded"), [("import nearsym.envs.trading.strategies", []), ("import pandas", ["pandas"])]
)
def test_optional_packages_wait_until_they_are_needed(statement, loaded):
    code = f"import sys\n{statement}\nprint(*(name for name in ('arch', 'pandas', 'skfolio') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == loaded


@pytest.mark.parametrize(("every", "days"), [(21, [0, 21, 42, 63]), (63, [0, 63]), (None, [0])])
def test_decisions_come_periodically(every, days):
    close, strategy = closes(), Periodic(equal, every)
    assert [day for day in range(80) if strategy(close[: 100 + day]) is not None] == days


@pytest.mark.parametrize(
    ("name", "trades"),
    [("equal weight", 4), ("buy and hold", 1), ("minimum variance", 2), ("mean-variance", 2), ("risk parity", 2)],
)
def test_references_trade_as_often_as_they_say(name, trades):
    curve = backtest(market(), REFERENCES[name](), 252, 329, COSTS)
    assert (curve.traded > 0).sum() == trades
    assert curve.traded[1] > 0
    np.testing.assert_allclose(curve.weights[1:].sum(axis=1), 1, atol=1e-9)  # all of it, from the first trade on


def test_every_reference_is_covered_above():
    assert list(REFERENCES) == ["equal weight", "buy and hold", "minimum variance", "mean-variance", "risk parity"]


def test_a_reference_is_made_afresh_for_each_backtest():
    make, close = REFERENCES["buy and hold"], closes()
    used = make()
    assert used(close) is not None
    assert used(close) is None  # control: one that has bought does not buy again
    assert make()(close) is not None


def test_the_index_is_held_without_costs():
    level = np.linspace(2000.0, 3000.0, 330)
    curve = index_curve(market(level), 100, 200, 1e6)
    np.testing.assert_allclose(curve.value, 1e6 * level[100:200] / level[100])
    assert curve.value[0] == 1e6
    assert len(curve.dates) == 100
    assert not curve.paid.any()
    assert not curve.traded.any()
    np.testing.assert_array_equal(curve.weights, np.ones((100, 1)))
    assert index_curve(market(), 100, 200, 1e6) is None


def test_days_without_an_index_are_refused():
    with pytest.raises(InputError) as refusal:
        index_curve(market(np.ones(330)), 100, 331, 1e6)
    assert str(refusal.value) == (
        "there is no index from row 100 to 331, expected 0 <= start < stop <= 330, the number of days"
    )
