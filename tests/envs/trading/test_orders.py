"""The log of trades adds up to the account's books, and a market seen as of a day shows what it shows on that day."""

import numpy as np
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading import Costs, Portfolio, Prices, Shares, backtest
from nearsym.envs.trading.evaluation import trade
from nearsym.envs.trading.orders import orders, orders_from

COSTS = Costs((0.001, 0.02, 0.0), 0.001)


def test_orders_add_up_to_the_books(walks):
    prices = walks(60, assets=3)
    generator = np.random.default_rng(1)
    targets = {day: generator.dirichlet(np.ones(4))[:3] for day in range(10, 50, 7)}
    curve = backtest(prices, lambda close: targets.get(len(close)), 5, 55, COSTS)
    found = orders(curve, prices, COSTS)
    assert len(found) == 3 * len(targets)
    for day in np.flatnonzero(curve.traded):
        own = [order for order in found if order.date == curve.dates[day]]
        assert sum(abs(order.shares) * order.price for order in own) == pytest.approx(curve.traded[day])
        assert sum(order.cost for order in own) == pytest.approx(curve.paid[day])
        np.testing.assert_allclose([order.after for order in own], curve.weights[day])
    # shares held at the end are all that was bought and sold
    for asset, ticker in enumerate(prices.tickers):
        held = sum(order.shares for order in found if order.ticker == ticker)
        assert held * prices.close[54, asset] == pytest.approx(curve.weights[-1, asset] * curve.value[-1])


@pytest.mark.parametrize("kind", [Portfolio, Shares])
def test_a_market_as_of_a_day_is_the_market_on_that_day(walks, kind):
    prices = walks(1200, assets=3)
    own = {"window": 20} if kind is Portfolio else {"max_shares": 5000}
    market = kind(prices=prices, validation_years=1, test_years=1, **own)
    market.set_split("test")
    observation, info = market.reset(seed=0)
    generator = np.random.default_rng(2)
    for _ in range(30):
        observation, _, _, _, info = market.step(generator.uniform(-1, 1, market.action_space.shape))
    past = prices.rows(0, market.day + 1)
    held = dict(zip(market.tickers, info["weights"], strict=True))
    backwards = Prices(past.dates, past.tickers[::-1], past.close[:, ::-1])
    seen = market.as_of(backwards, held)
    if kind is Portfolio:
        np.testing.assert_allclose(seen.observation(), observation, rtol=1e-5, atol=1e-5)
        assert np.abs(market.as_of(past, {}).observation() - observation).max() > 0.01  # control: nothing held
    else:  # the size of a trade is relative to the account, which is worth something else
        features = len(observation) - 7
        np.testing.assert_allclose(seen.observation()[:features], observation[:features], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(seen.observation()[-4:], observation[-4:], rtol=1e-4, atol=1e-4)
    assert market.day != seen.day or market.prices is not seen.prices  # and the market itself stays where it was
    assert len(market.prices.dates) == 1200 and market.account is not seen.account


def test_what_a_decision_comes_to(walks):
    prices = walks(40, assets=3)
    before, after = np.array([10.0, 0.0, 5.0]), np.array([0.0, 20.0, 5.0])
    value = 10_000.0
    sold, bought, kept = orders_from(before, after, value, prices, COSTS)
    close = prices.close[-1]
    assert (sold.shares, bought.shares, kept.shares) == (-10, 20, 0)
    assert sold.cost == pytest.approx(0.002 * 10 * close[0]) and bought.cost == pytest.approx(0.021 * 20 * close[1])
    assert sold.before == pytest.approx(10 * close[0] / value) and sold.after == 0
    assert bought.after == pytest.approx(20 * close[1] / (value - sold.cost - bought.cost))


@pytest.mark.parametrize(
    ("days", "held", "message"),
    [
        (20, {}, "has 20 days, expected at least 21"),
        (60, {"X": 0.1}, "held names X, and the assets are"),
        (60, {"A0": 0.9, "A1": 0.3}, r"held sums to 1\.2, expected fractions of at most 1 together"),
        (60, {"A0": float("nan")}, "expected a fraction of the account's value for each ticker"),
    ],
)
def test_what_does_not_fit_is_refused(walks, days, held, message):
    prices = walks(1200, assets=3)
    market = Portfolio(prices=prices, window=20, validation_years=1, test_years=1)
    held = {prices.tickers[int(t[1:])] if t[0] == "A" else t: w for t, w in held.items()}
    with pytest.raises(InputError, match=message):
        market.as_of(prices.rows(0, days), held)


def test_other_assets_are_refused(walks):
    prices = walks(1200, assets=3)
    market = Portfolio(prices=prices, window=20, validation_years=1, test_years=1)
    fewer = Prices(prices.dates, prices.tickers[:2], prices.close[:, :2])
    with pytest.raises(InputError, match=f"has no {prices.tickers[2]}; it has "):
        market.as_of(fewer, {})


def test_an_evaluation_keeps_every_trade(walks, tmp_path):
    market = Portfolio(prices=walks(1200, assets=3), window=20, validation_years=1, test_years=1)
    market.set_split("test")
    policy = lambda observation: np.tanh(observation[:4])  # noqa: E731
    report = market.evaluation(market, policy, [0.0], "gaussian", 1, 1)
    written = {path.name: path for path in report.write(tmp_path, "Test")}
    header, *rows = written["trades.csv"].read_text().splitlines()
    assert header == "date,ticker,shares,price,cost,before,after"
    curve = trade(policy, market, market)
    assert len(rows) == len(orders(curve, market.prices, market.costs)) > 100
    assert sum(float(row.split(",")[4]) for row in rows) == pytest.approx(curve.paid.sum(), rel=1e-4)
