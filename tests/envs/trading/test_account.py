import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearsym.envs.errors import InputError
from nearsym.envs.trading.account import Account, Costs
from nearsym.envs.trading.checks import of_assets

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


def test_every_asset_may_cost_something_else() -> None:
    """Half of 1000 into each of two assets, at 10% less nothing and at 25 times less."""
    account = Account(1000.0, 3, Costs((0.0, 0.05, 0.02)))
    trade = account.rebalance(np.array([0.5, 0.5, 0.0]), PRICES)
    after = account.value(PRICES)
    np.testing.assert_allclose(account.weights(PRICES), [0.5, 0.5, 0], atol=1e-9)
    assert trade.paid == pytest.approx(0.05 * 0.5 * after) and after == pytest.approx(1000 - trade.paid)
    assert after == pytest.approx(1000 / 1.025)


def test_a_day_of_interest_and_of_borrowing_by_hand() -> None:
    lent = Account(2520.0, 3, Costs(0.0, 0.0, interest=0.1, borrowing=0.5))
    lent.carry(PRICES)
    assert lent.cash == pytest.approx(2521)  # 2520 · 0.1 / 252
    short = Account(0.0, 3, Costs(0.0, 0.0, interest=0.1, borrowing=0.5))
    short.trade(np.array([-10.0, 0, 2.0]), PRICES)  # 500 sold short, 250 bought: 250 in cash
    short.carry(PRICES)
    assert short.cash == pytest.approx(250 + (0.1 * 250 - 0.5 * 500) / 252)
    borrowed = Account(0.0, 3, Costs(0.0, 0.0, interest=0.1, borrowing=0.5))
    borrowed.trade(np.array([0.0, 0, 2.0]), PRICES)
    borrowed.carry(PRICES)
    assert borrowed.cash == pytest.approx(-250 * (1 + 0.5 / 252))


@pytest.mark.parametrize("given", [{"commission": (0.001, 0.2)}, {"commission": "1%"}, {"slippage": (0.1, True)}])
def test_costs_that_are_no_fractions_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(InputError, match=r"expected a fraction of the traded value from 0 to 0\.1"):
        Costs(**given)


@pytest.mark.parametrize("given", [{"interest": -0.01}, {"borrowing": 2}, {"interest": np.nan}, {"interest": "2%"}])
def test_rates_that_are_no_fractions_a_year_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected a fraction a year from 0 to 1"):
        Costs(**given)


def test_costs_by_ticker() -> None:
    assert of_assets("commission", {"B": 0.2, "A": 0.1}, ("A", "B")) == (0.1, 0.2)
    assert of_assets("commission", [0.1, 0.2], ("A", "B")) == (0.1, 0.2)
    assert of_assets("commission", 0.1, ("A", "B")) == 0.1
    with pytest.raises(InputError, match=r"needs one number for each of A, B; B is missing, C is no asset"):
        of_assets("commission", {"A": 0.1, "C": 0.2}, ("A", "B"))
    with pytest.raises(InputError, match=r"commission has 3 numbers, expected one, or one for each of 2 assets"):
        of_assets("commission", [0.1, 0.2, 0.3], ("A", "B"))


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
