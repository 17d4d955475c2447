"""Assets that are listed later or end sooner: read, traded and seen without a look ahead."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from skfolio.exceptions import NonPositiveVarianceError

from nearsym.agents.direct import DirectPortfolio
from nearsym.envs import symmetry_of
from nearsym.envs.errors import InputError
from nearsym.envs.trading import Portfolio, Prices, Shares, backtest, load_prices
from nearsym.envs.trading.account import Costs
from nearsym.envs.trading.strategies import Periodic, equal, minimum_variance, reversal
from nearsym.networks import family

SPLIT: dict[str, Any] = {"validation_years": 1, "test_years": 1, "window": 8, "episode_days": 60}


@pytest.fixture
def changing(walks):
    """C is listed from day 100 on, D until day 129; both lie in the days of training."""
    prices = walks()
    listed = np.ones(prices.close.shape, bool)
    listed[:100, 2] = listed[130:, 3] = False
    close = prices.close.copy()
    close[:100, 2], close[130:, 3] = close[100, 2], close[129, 3]
    return replace(prices, close=close, listed=listed)


def traded(env, days, action):
    observation, _ = env.reset()
    seen = [observation]
    for _ in range(days):
        observation, *_, info = env.step(np.asarray(action, np.float32))
        seen.append(observation)
    return seen, info


@pytest.mark.parametrize("short", [False, True])
def test_nothing_is_held_that_is_not_listed(changing, short):
    env = Portfolio(prices=changing, short=short, **SPLIT)
    env.set_split("train", whole=True)
    env.reset()
    for _ in range(150):
        *_, info = env.step(np.full(env.action_space.shape, 0.5, np.float32))
        day, weights = env.day, info["weights"]
        held = weights != 0
        assert not held[~changing.listed[day]].any()
        assert held[changing.listed[day] & changing.listed[day - 1]].all()
        if not short:
            assert weights[held] == pytest.approx(weights[held][0])  # the softmax is over what can be bought
        if day == 100:
            assert not held[2]  # first listed today: nobody could have decided on it yesterday


def test_a_delisted_asset_is_paid_out_at_its_last_price(changing):
    env = Portfolio(prices=changing, commission=0.0, **SPLIT)
    env.set_split("train", whole=True)
    env.reset()
    only = np.array([-1, -1, -1, 1, -1], np.float32)
    while env.day < 129:
        *_, info = env.step(only)
    held, close = info["weights"][3], changing.close
    assert held > 0.9
    *_, after = env.step(only)
    growth = held * close[130, 3] / close[129, 3] + (info["weights"][:3] * close[130, :3] / close[129, :3]).sum()
    assert after["value"] == pytest.approx(info["value"] * (growth + 1 - info["weights"].sum()))
    assert after["weights"][3] == 0


def test_neither_observations_nor_weights_know_what_will_be_listed(changing):
    """Other listings after a day change nothing seen or held up to it; another one on that day does."""
    env = Portfolio(prices=changing, **SPLIT)
    for each in (env,):
        each.set_split("train", whole=True)
    action = np.linspace(-0.5, 0.5, 5)
    days = 120 - env.split.train[0]
    seen, info = traded(env, days, action)

    def other(until):
        listed, close = changing.listed.copy(), changing.close.copy()
        listed[until:, 0] = False
        close[until:, 0] = close[until - 1, 0]
        again = Portfolio(prices=replace(changing, close=close, listed=listed), **SPLIT)
        again.scale = env.scale
        again.set_split("train", whole=True)
        return traded(again, days, action)

    mine, theirs = other(121)
    np.testing.assert_array_equal(seen, mine)
    np.testing.assert_array_equal(info["weights"], theirs["weights"])
    assert not np.array_equal(seen, other(120)[0])  # control
    assert seen[-1][-4:].tolist() == [1, 1, 1, 1] and seen[0][-4:].tolist() == [1, 1, 0, 1]  # who is listed


def test_strategies_hold_what_is_listed(changing):
    for decide in (equal, lambda close: reversal(close, 5)):
        curve = backtest(changing, Periodic(decide, 1), 90, 150, Costs(0.0, 0.0))
        for day, weights in zip(range(90, 150), curve.weights, strict=True):
            assert not weights[~changing.listed[day]].any()
        assert (curve.weights[30] > -1e-12).all() and curve.weights[30].sum() == pytest.approx(1.0)
    weights = minimum_variance(changing.seen[:500])
    assert weights[3] == 0 and weights.sum() == pytest.approx(1)
    with pytest.raises(NonPositiveVarianceError):  # control: constant prices would be no risk at all
        minimum_variance(changing.close[:500])


@pytest.mark.parametrize("band", [0.0, 0.05])
def test_direct_optimisation_has_the_same_books(changing, band):
    env = Portfolio(prices=changing, band=band, **SPLIT)
    agent = DirectPortfolio(env, family("plain", width=8, window_channels=1), seed=0)
    env.set_split("train", whole=True)
    observation, _ = env.reset()
    while env.day < 95:
        observation, *_ = env.step(agent.policy(observation))
    assert symmetry_of(env).observation.rep.dim == len(observation) == 4 * (8 + 1 + 1)
    start, held = env.day, env.account.weights(env.prices.close[env.day])
    rewards = []
    for _ in range(45):
        observation, reward, *_ = env.step(agent.policy(observation))
        rewards.append(reward)
    with torch.no_grad():
        found = agent.rewards(torch.tensor([start]), 45)[0].numpy()
    if not band:
        np.testing.assert_allclose(found[1:], rewards[1:], atol=5e-3)  # the first is of buying, from other weights
    assert held.sum() < 1 and np.ptp(rewards) > 0.1


def long(prices):
    rows = [
        {"date": str(day), "ticker": ticker, "close": prices.close[t, i], "pe": float(i + t)}
        for t, day in enumerate(prices.dates)
        for i, ticker in enumerate(prices.tickers)
        if prices.listed[t, i]
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("layout", ["long", "wide"])
def test_files_say_who_is_listed_by_what_they_have(changing, tmp_path, layout):
    table = long(changing)
    if layout == "wide":
        table = table.pivot(index="date", columns="ticker", values="close").reset_index()
    table.to_csv(tmp_path / "my.csv", index=False)
    prices = load_prices(str(tmp_path / "my.csv"), listings=True)
    assert isinstance(prices, Prices)
    prices = prices.of(changing.tickers)  # in a long file they come in order of their first days
    np.testing.assert_array_equal(prices.listed, changing.listed)
    np.testing.assert_allclose(prices.close, changing.close)
    with pytest.raises(InputError, match="listings=true where it was listed" if layout == "long" else "is missing"):
        load_prices(str(tmp_path / "my.csv"))
    hole = (
        table.drop(index=table.index[[-40]]) if layout == "long" else table.assign(A=table["A"].mask(table.index == 50))
    )
    hole.to_csv(tmp_path / "hole.csv", index=False)
    with pytest.raises(InputError, match="has no row on"):
        load_prices(str(tmp_path / "hole.csv"), listings=True)


def test_listings_are_for_files_and_portfolios(changing):
    with pytest.raises(InputError, match="listings=true is for files of your own"):
        load_prices("factors", listings=True)
    with pytest.raises(InputError, match="trading/shares trades assets that are listed all the time"):
        Shares(prices=changing, validation_years=1, test_years=1)
    with pytest.raises(InputError, match="listed has shape"):
        replace(changing, listed=changing.listed[:5])
    assert replace(changing, listed=np.ones_like(changing.listed)).listed is None
    assert changing.checksum != replace(changing, listed=None).checksum
