"""Books that balance, decisions that see only the past, and values computed by hand."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearsym.envs.errors import InputError
from nearsym.envs.trading.account import Costs
from nearsym.envs.trading.backtest import backtest, check_weights
from nearsym.envs.trading.prices import Prices

FREE, DEAR = Costs(0.0, 0.0), Costs(0.002, 0.001)
CENT = 0.01


def prices_of(close):
    close = np.asarray(close, dtype=float)
    dates = np.datetime64("2020-01-01") + np.arange(len(close))
    return Prices(dates, tuple("ABCDEFGH"[: close.shape[1]]), close)


def walk(seed, days=40, assets=3):
    steps = np.random.default_rng(seed).normal(0, 0.03, (days, assets))
    return prices_of(50 * np.exp(np.cumsum(steps, axis=0)))


def scripted(targets, start):
    """Decides what is written down for each day, whatever the prices."""
    return lambda close: targets[len(close) - 1 - start]


def momentum(close):
    """Everything in what rose most since yesterday; holds every third day."""
    return None if len(close) % 3 == 0 else np.eye(close.shape[1])[np.argmax(close[-1] / close[-2])]


def discrepancy(curve, prices, start, costs):
    """Largest amount of money that appears from nowhere, or costs that are not the rate times what was traded."""
    close = prices.close[start : start + len(curve.value)]
    earned = (curve.weights[:-1] * curve.value[:-1, None] * (close[1:] / close[:-1] - 1)).sum(axis=1)
    daily = np.abs(np.diff(curve.value) - earned + curve.paid[1:]).max()
    overall = abs(curve.value[-1] - curve.value[0] - earned.sum() + curve.paid.sum())
    return max(daily, overall, np.abs(curve.paid - costs.rate * curve.traded).max())


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.floats(0, 0.05), st.floats(0, 1), st.booleans())
def test_books_balance_to_the_cent(seed, rate, gross, short):
    rng, prices = np.random.default_rng(seed), walk(seed)
    targets = rng.normal(size=(40, 3)) if short else rng.uniform(size=(40, 3))
    targets *= gross / np.abs(targets).sum(axis=1, keepdims=True)
    decisions = [None if rng.uniform() < 0.2 else target for target in targets]
    costs = Costs(rate, 0.0)
    curve = backtest(prices, scripted(decisions, 5), 5, 40, costs)
    assert discrepancy(curve, prices, 5, costs) < CENT


@pytest.mark.parametrize("field", ["value", "weights", "traded", "paid"])
def test_books_that_do_not_balance_are_caught(field):
    prices = walk(0)
    curve = backtest(prices, momentum, 5, 40, DEAR)
    assert discrepancy(curve, prices, 5, DEAR) < CENT
    wrong = getattr(curve, field).copy()
    wrong[20] *= 1.01
    wrong[20] += 1e-4
    assert discrepancy(dataclasses.replace(curve, **{field: wrong}), prices, 5, DEAR) > CENT


def looks_ahead(make, start=5, stop=40):
    """Whether anything up to a day changes when all later prices do; `make` gets the prices it may peek at."""
    for cut in (start, start + 1, 17, stop - 2):
        seen = []
        for seed in (1, 2):
            close = np.array(walk(0).close)
            close[cut + 1 :] *= np.random.default_rng(seed).uniform(0.5, 2, close[cut + 1 :].shape)
            prices, decisions = prices_of(close), []
            strategy = make(prices)

            def noted(past, strategy=strategy, decisions=decisions):
                decisions.append(strategy(past))
                return decisions[-1]

            curve = backtest(prices, noted, start, stop, DEAR)
            days = cut + 1 - start
            known = [np.zeros(3) if d is None else d for d in decisions[:days]]
            seen.append((np.array(known), curve.value[:days], curve.weights[:days], curve.paid[:days]))
        if not all(np.array_equal(one, other) for one, other in zip(*seen, strict=True)):
            return True
    return False


def test_no_decision_and_no_value_depends_on_the_future():
    assert not looks_ahead(lambda prices: momentum)


def test_a_strategy_that_peeks_is_caught():
    assert looks_ahead(lambda prices: lambda past: np.eye(3)[np.argmax(prices.close[len(past)] / past[-1])])


def test_the_past_is_all_there_is_and_read_only():
    lengths = []

    def strategy(close):
        lengths.append(close.shape)
        with pytest.raises(ValueError, match="read-only"):
            close[0] = 1.0

    backtest(walk(0), strategy, 5, 10, DEAR)
    assert lengths == [(6, 3), (7, 3), (8, 3), (9, 3)]


def test_three_days_by_hand():
    """All of 1010 into A at 10 with 1 % costs buys 100 shares; then half of it is moved to B."""
    prices = prices_of([[5.0, 4.0], [10.0, 5.0], [12.0, 4.0]])
    targets = [np.array([1.0, 0.0]), np.array([0.5, 0.5])]
    curve = backtest(prices, scripted(targets, 0), 0, 3, Costs(0.007, 0.003), cash=1010.0)
    # The second trade starts from 1200: V + 0.01 [(1200 - V/2) + V/2] = 1200, so that V = 1188, and 594 stays in A.
    np.testing.assert_allclose(curve.value, [1010, 1000, 1188])
    np.testing.assert_allclose(curve.traded, [0, 1000, 606 + 594])
    np.testing.assert_allclose(curve.paid, [0, 10, 12])
    np.testing.assert_allclose(curve.weights, [[0, 0], [1, 0], [0.5, 0.5]])
    np.testing.assert_allclose(curve.returns, [-10 / 1010, 0.188])
    assert curve.dates.tolist() == prices.dates.tolist()


def test_buy_and_hold_is_the_mean_of_the_growths():
    prices, cost = walk(3), DEAR.rate
    bought = iter([np.full(3, 1 / 3)])
    curve = backtest(prices, lambda close: next(bought, None), 7, 30, DEAR, cash=500.0)
    growth = (prices.close[8:30] / prices.close[8]).mean(axis=1)
    np.testing.assert_allclose(curve.value[1:], 500 / (1 + cost) * growth, rtol=1e-12)
    same_day = (prices.close[7:30] / prices.close[7]).mean(axis=1)  # control: had it been bought a day earlier
    assert np.abs(curve.value * (1 + cost) / 500 - same_day).max() > 1e-3


def test_ruin_closes_the_account():
    """Short 1 of 1 at 10: at 25 the account owes 0.5; at 5 it would be rich again."""
    calls = []

    def short(close):
        calls.append(len(close))
        return np.array([-1.0])

    curve = backtest(prices_of([[10], [10], [25], [5], [5]]), short, 0, 5, FREE, cash=1.0)
    np.testing.assert_allclose(curve.value, [1, 1, -0.5, -0.5, -0.5])
    np.testing.assert_allclose(curve.weights[:, 0], [0, -1, 0, 0, 0])
    np.testing.assert_allclose(curve.returns, [0, -1.5, 0, 0])
    assert calls == [1, 2]
    survivor = backtest(prices_of([[10], [10], [15], [5], [5]]), short, 0, 5, FREE, cash=1.0)
    assert survivor.value[-1] > 0.5


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0.5], "target weights have shape (1,), expected (2,): one weight for each asset"),
        ([[0.5, 0.5]], "target weights have shape (1, 2), expected (2,): one weight for each asset"),
        (
            [0.5, np.nan],
            "the target weight of B is nan, expected a finite number; a strategy returns None to hold what it has",
        ),
        ([0.7, 0.4], "target weights sum to 1.1 in absolute value, expected at most 1; scale them down"),
        ([1.0, -0.5], "target weights sum to 1.5 in absolute value, expected at most 1; scale them down"),
    ],
)
def test_weights_that_cannot_be_traded_are_refused(weights, message):
    with pytest.raises(InputError) as refusal:
        check_weights(np.array(weights), ("A", "B"))
    assert str(refusal.value) == message
    with pytest.raises(InputError) as refusal:
        backtest(walk(0, assets=2), lambda close: np.array(weights), 3, 9, FREE)
    assert str(refusal.value) == f"2020-01-04: {message}"


def test_weights_that_can_be_traded_pass():
    check_weights(np.array([0.5, 0.5 + 1e-9]), ("A", "B"))
    check_weights(np.array([1.0, -0.5]), ("A", "B"), max_gross=1.5)
    curve = backtest(walk(0, assets=2), lambda close: np.array([1.0, -0.5]), 3, 9, FREE, max_gross=1.5)
    np.testing.assert_allclose(curve.weights[-1], [1.0, -0.5])


@pytest.mark.parametrize(("start", "stop"), [(-1, 10), (5, 6), (10, 5), (5, 41)])
def test_days_that_are_not_there_are_refused(start, stop):
    with pytest.raises(InputError) as refusal:
        backtest(walk(0), momentum, start, stop, FREE)
    assert str(refusal.value) == (
        f"rows {start} to {stop} cannot be traded, expected 0 <= start, start + 2 <= stop and stop <= 40, the number "
        "of days"
    )


@pytest.mark.parametrize("cash", [0.0, -1.0, np.inf, np.nan])
def test_no_cash_is_refused(cash):
    with pytest.raises(InputError) as refusal:
        backtest(walk(0), momentum, 5, 40, FREE, cash=cash)
    assert str(refusal.value) == f"cash is {cash:g}, expected a positive number"
