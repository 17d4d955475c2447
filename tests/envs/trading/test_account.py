import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearsym.envs.errors import InputError
from nearsym.envs.trading.account import Account, Costs

PRICES = np.array([50.0, 20.0, 125.0])
price = st.lists(st.floats(0.5, 500), min_size=3, max_size=3)
weight = st.lists(st.floats(-1, 1), min_size=3, max_size=3)
costs = st.builds(Costs, st.floats(0, 0.02), st.floats(0, 0.02))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(price, weight), min_size=1, max_size=6), costs)
def test_books_balance_to_the_cent(days: list[tuple[list[float], list[float]]], costs: Costs) -> None:
    account = Account(1e6, 3, costs)
    for prices, target in days:
        p = np.array(prices)
        before, shares = account.value(p), account.shares
        if before < 1e4:
            break
        trade = account.rebalance(np.array(target), p)
        assert account.value(p) == pytest.approx(before - trade.paid, abs=0.005)
        assert trade.traded == pytest.approx(np.abs(account.shares - shares) @ p, abs=0.005)
        assert trade.paid == pytest.approx(costs.rate * trade.traded, abs=0.005)


@settings(max_examples=100, deadline=None)
@given(weight, weight, costs)
def test_targets_hold_after_costs(first: list[float], second: list[float], costs: Costs) -> None:
    account = Account(1e6, 3, costs)
    for target in (first, second):
        account.rebalance(np.array(target), PRICES)
        np.testing.assert_allclose(account.weights(PRICES), target, atol=1e-9)


def test_ignoring_costs_misses_the_target() -> None:
    """The naive sizing, weights times the value before costs, is off by about the cost."""
    account = Account(1e6, 3, Costs(0.01))
    naive = np.array([1.0, 0, 0]) * 1e6 / PRICES
    account.trade(naive, PRICES)
    assert abs(account.weights(PRICES)[0] - 1) > 0.005


def test_a_purchase_by_hand() -> None:
    """All of 1010 into one asset at 1%: 1000 buy 20 shares of 50, 10 are paid."""
    account = Account(1010.0, 3, Costs(0.006, 0.004))
    trade = account.rebalance(np.array([1.0, 0, 0]), PRICES)
    np.testing.assert_allclose(account.shares, [20, 0, 0])
    assert trade.traded == pytest.approx(1000) and trade.paid == pytest.approx(10)
    assert account.cash == pytest.approx(0, abs=1e-9)


def test_bad_orders_are_refused() -> None:
    account = Account(1e6, 3, Costs())
    with pytest.raises(InputError, match=r"target weights are \[nan, 0.0, 0.0\], expected finite numbers"):
        account.rebalance(np.array([np.nan, 0, 0]), PRICES)
    with pytest.raises(InputError, match="gross exposure of 3000 cost all they are worth"):
        account.rebalance(np.full(3, 1000.0), PRICES)
    account.cash = -1.0
    with pytest.raises(InputError, match="the account is worth -1; nothing can be traded"):
        account.rebalance(np.zeros(3), PRICES)
    with pytest.raises(InputError, match=r"commission is 0.5, expected a fraction"):
        Costs(0.5)
