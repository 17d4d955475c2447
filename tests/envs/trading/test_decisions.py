"""Decisions every few days, a band without trading, features of one's own, and sectors."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from nearsym.agents.direct import DirectPortfolio
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.trading import Portfolio, Shares, backtest, load_prices
from nearsym.envs.trading.evaluation import trade
from nearsym.envs.trading.strategies import Periodic
from nearsym.envs.trading.symmetry import law_errors, market_symmetry, time_errors
from nearsym.networks import family

SPLIT: dict[str, Any] = {"validation_years": 1, "test_years": 1, "window": 8, "episode_days": 60}


def all_in(observation):
    return np.array([0.2, 0.2, 0.2, 0.2, -1.0], np.float32)


def test_weekly_decisions_are_those_of_a_weekly_strategy(walks):
    """The same account, day by day, as a strategy that asks for the same weights every five days."""
    env = Portfolio(prices=walks(), every=5, **SPLIT)
    env.set_split("test")
    weights = env.allocation.weights(np.asarray(all_in(None), np.float64))
    curve = trade(all_in, env, env)
    expected = backtest(env.prices, Periodic(lambda close: weights, 5), *env.split.test, env.costs, env.cash)
    np.testing.assert_allclose(curve.value, expected.value)
    np.testing.assert_allclose(curve.traded, expected.traded, atol=1e-6)
    assert (np.diff(np.flatnonzero(curve.traded > 1e-6)) == 5).all()
    daily = trade(all_in, Portfolio(prices=walks(), **SPLIT), env)
    assert abs(daily.value[-1] / curve.value[-1] - 1) > 1e-5  # control


@pytest.mark.parametrize("reward", ["log_return", "differential_sharpe"])
def test_a_step_of_some_days_is_worth_what_they_are(walks, reward):
    """Two steps of one day with trades of nothing after the first, against one of two days."""
    one, two = (Portfolio(prices=walks(), every=every, reward=reward, **SPLIT) for every in (1, 2))
    for env in (one, two):
        env.set_split("test")
        env.reset(seed=0)
    seen, found, *_ = two.step(all_in(None))
    _, first, *_ = one.step(all_in(None))
    one.trade = lambda action, close: (0.0, 0.0)
    again, second, *_ = one.step(all_in(None))
    assert found == pytest.approx(first + second)
    np.testing.assert_array_equal(seen, again)


@pytest.mark.parametrize("kwargs", [{"every": 5}, {"band": 0.03}, {"every": 2, "band": 0.05, "short": True}])
def test_direct_optimisation_has_the_same_books(walks, kwargs):
    env = Portfolio(prices=walks(), **SPLIT, **kwargs)
    agent = DirectPortfolio(env, family("plain", width=8, window_channels=1), seed=0)
    with torch.no_grad():
        for parameter in agent.actor.parameters():
            parameter.mul_(2)
    env.set_split("train", whole=True)
    env.reset()
    start, rewards, every = env.split.train[0], [], kwargs.get("every", 1)
    if "short" not in kwargs:  # start at equal weights, as direct optimisation does
        env.account.shares, env.account.cash = np.full(4, 0.25) * 1e6 / env.prices.close[env.day], 0.0
    observation, trades = env.observation(), []
    for _ in range(20 // every):
        observation, reward, *_, info = env.step(agent.policy(observation))
        rewards.append(reward)
        trades.append(info["traded"] > 0)
    with torch.no_grad():
        found = agent.rewards(torch.tensor([start]), 20)[0].numpy().reshape(-1, every).sum(axis=1)
    np.testing.assert_allclose(found, rewards, atol=2e-3)
    if "band" in kwargs:
        assert 0 < np.mean(trades) < 1


def test_within_the_band_nothing_is_traded(walks):
    def traded(band):
        env = Portfolio(prices=walks(), band=band, **SPLIT)
        env.set_split("test")
        curve = trade(all_in, env, env)
        weights = env.allocation.weights(np.asarray(all_in(None), np.float64))
        return curve, np.abs(curve.weights[1:] - weights).max()

    (daily, none), (seldom, most) = traded(0.0), traded(0.02)
    assert none < 1e-9 and 0.01 < most <= 0.02
    assert (daily.traded > 0).sum() > 200 > 60 > (seldom.traded > 0).sum() > 1
    for wrong in (-0.1, 1.0):
        with pytest.raises(InputError, match=r"band is .*, expected a fraction of the account"):
            Portfolio(prices=walks(), band=wrong, **SPLIT)
    with pytest.raises(InputError, match="every is 0, expected a whole number of days >= 1"):
        Portfolio(prices=walks(), every=0, **SPLIT)


@pytest.fixture
def rich(walks):
    """With volumes and a number of one's own."""
    prices, generator = walks(), np.random.default_rng(1)
    shape = prices.close.shape
    volume, quality = np.exp(10 + generator.standard_normal(shape)), generator.standard_normal(shape) + 3
    return replace(prices, volume=volume, features={"quality": quality})


@pytest.mark.parametrize(("cls", "short"), [(Portfolio, False), (Portfolio, True), (Shares, False)])
def test_features_move_with_their_assets(rich, cls, short):
    """Prices whose assets are permuted are seen as the group element says, features included; not the wrong way."""
    kwargs: dict[str, Any] = {"validation_years": 1, "test_years": 1, "features": ["volume", "quality"]}
    kwargs |= {"short": True} if short else {}
    env = cls(prices=rich, **kwargs)
    other = cls(prices=rich.of(("B", "A", "C", "D")), **kwargs)
    (seen, _), (moved, _) = (each.reset(seed=0) for each in (env, other))
    assert len(seen) == len(cls(prices=rich, **{**kwargs, "features": []}).reset(seed=0)[0]) + 2 * 4
    index, sign = (array[0] for array in env.symmetry.observation.rep.arrays)  # A<->B
    np.testing.assert_allclose(seen[index] * sign, moved, rtol=1e-5, atol=1e-6)
    assert not np.allclose(seen, moved)
    if short:  # the flip changes returns and weights, and what is known of firms stays
        flip = env.symmetry.observation.rep.arrays[1][-1]
        assert (flip[: 4 * (env.window + 1)] == -1).all() and (flip[-8:] == 1).all()


def test_features_are_in_units_of_training_and_of_today(rich):
    env = Portfolio(prices=rich, features=["volume", "quality"], **SPLIT)
    train = slice(*env.split.train)
    for row, column in enumerate((np.log1p(rich.volume), rich.features["quality"])):
        expected = (column - column[train].mean()) / column[train].std()
        np.testing.assert_allclose(env._features[:, row], expected)
    seen, _ = env.reset(seed=0)
    np.testing.assert_allclose(seen[-8:-4], env._features[env.day, 0], rtol=1e-5)
    later = {"quality": np.where(np.arange(900)[:, None] > env.day, 99.0, rich.features["quality"])}
    again = Portfolio(prices=replace(rich, features=later), features=["volume", "quality"], **SPLIT)
    assert again.reset(seed=0)[0][-8:-4].tolist() == seen[-8:-4].tolist()


def test_features_come_from_files_by_name(rich, tmp_path):
    rows = [
        {"date": str(day), "ticker": t, "close": rich.close[d, i], "volume": rich.volume[d, i], "PE": float(d + i)}
        for d, day in enumerate(rich.dates)
        for i, t in enumerate(rich.tickers)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "my.csv", index=False)
    path = str(tmp_path / "my.csv")
    env = make("trading/portfolio", prices=path, features=["pe", "volume"], **SPLIT).unwrapped
    assert env.known == 2 and env.prices.features["pe"][10].tolist() == [10, 11, 12, 13]
    assert load_prices(path).checksum != env.prices.checksum  # what is not asked for is not read
    for features, message in (
        (["pd"], "there is no column pd among date, ticker, close, volume, PE"),
        ("pe", "features is 'pe', expected a list"),
    ):
        with pytest.raises(InputError, match=message):
            load_prices(path, features=features)
    with pytest.raises(InputError, match="source factors has closes alone and no volume"):
        load_prices("factors", features=["volume"])
    with pytest.raises(InputError, match="has no feature 'volume'; it has closes alone"):
        Portfolio(prices=replace(rich, volume=None, features={}), features=["volume"], **SPLIT)
    with pytest.raises(InputError, match="feature quality is the same on all days of training"):
        Portfolio(prices=replace(rich, features={"quality": np.ones((900, 4))}), features=["quality"], **SPLIT)
    pd.DataFrame(rich.close, columns=rich.tickers).assign(date=rich.dates.astype(str)).to_csv(path, index=False)
    with pytest.raises(InputError, match="has one column for each ticker and no room for pe"):
        load_prices(path, features=["pe"])


def test_sectors_leave_permutations_within_them(walks):
    sectors = {"one": ["A", "C"], "two": ["B"]}
    env = Portfolio(prices=walks(), sectors=sectors, **SPLIT)
    assert env.symmetry.group.names == ("A<->C",) and env.symmetry.group.name == "S2"
    assert env.symmetry.action.arrays[0].tolist() == [[2, 1, 0, 3, 4]]
    nothing = Portfolio(prices=walks(), sectors={}, **SPLIT)
    assert nothing.symmetry.observation.rep.dim == len(nothing.reset(seed=0)[0])
    agent = DirectPortfolio(env, family("exact", width=8, window_channels=1), seed=0)
    with torch.no_grad():
        action = agent.actor(torch.ones(1, agent.actor.in_rep.dim))[0]
    assert action[0] == pytest.approx(float(action[2]), abs=1e-6) and action[0] != pytest.approx(float(action[1]))
    for wrong, message in (
        ({"one": ["A", "X"]}, "sectors has X, and the assets are A, B, C, D"),
        ({"one": ["A"], "two": ["A"]}, "sectors has A twice"),
        ({"one": "A"}, "sectors is no mapping of lists"),
    ):
        with pytest.raises(InputError, match=message):
            Portfolio(prices=walks(), sectors=wrong, **SPLIT)


def test_costs_that_differ_break_a_symmetry_and_costs_alike_do_not(walks):
    """Of a market that is exchangeable otherwise, by as much as buying the image of a portfolio costs more."""
    prices = walks()
    returns = prices.close[1:] / prices.close[:-1] - 1
    symmetry, weights = market_symmetry(prices.tickers, 8, 0, short=False), np.array([[1.0, 0, 0, 0]])

    def excess(rate):
        errors, floors, _ = law_errors(returns, weights, symmetry, [0], 0.01, 0, rate)  # A<->B
        return float(errors.reward[0, 0] - floors.reward[0, 0])

    assert excess(0.0) == excess(0.01) == excess(np.full(4, 0.02))
    assert excess(np.array([0.0, 0.01, 0, 0])) - excess(0.0) == pytest.approx(1.0, abs=0.15)  # percent
    assert excess(np.array([0.0, 0.0, 0, 0.01])) == excess(0.0)  # not an asset that it moves


def test_translation_in_time_is_measured_against_halves_dealt_at_random(walks):
    quiet = walks(2000)
    moves = np.diff(np.log(quiet.close), axis=0)
    found, dealt = time_errors(moves, 0.01, 0)
    assert found < 1.5 * dealt
    moves[1000:] *= 3
    found, dealt = time_errors(moves, 0.01, 0)
    assert found > 4 * dealt
