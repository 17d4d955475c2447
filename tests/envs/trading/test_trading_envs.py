"""Both trading environments: gymnasium's contract, books, delays, leakage, symmetry, noise."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nearsym.envs import make, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.envs.trading import Portfolio, Prices, Shares
from nearsym.envs.trading.indicators import WARM_UP, indicators
from nearsym.envs.trading.market import CASH, Market

Walks = Callable[..., Prices]

SPLIT = {"validation_years": 1, "test_years": 1}
"""Leaves some 170 days of 900 in a row to training."""

ENVS: dict[str, tuple[type[Market], dict[str, Any]]] = {
    "long": (Portfolio, {"window": 20}),
    "short": (Portfolio, {"window": 20, "short": True, "leverage": 2.0}),
    "sharpe": (Portfolio, {"window": 20, "reward": "differential_sharpe"}),
    "shares": (Shares, {}),
}


def build(name: str, prices: Prices, **kwargs: Any) -> Market:
    cls, own = ENVS[name]
    return cls(prices=prices, **{**SPLIT, "episode_days": 60, **own, **kwargs})


@pytest.mark.parametrize("name", ENVS)
@pytest.mark.filterwarnings("ignore:.*Box observation space (minimum|maximum) value is.*infinity")
def test_gymnasium_accepts_it(name: str, walks: Walks) -> None:
    check_env(build(name, walks()), skip_render_check=True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(ENVS)), st.integers(0, 1000), st.floats(0, 0.01))
def test_books_balance_to_the_cent(walks: Walks, name: str, seed: int, commission: float) -> None:
    """Value changes by what prices did to yesterday's holdings, minus what was paid, and by nothing else."""
    env = build(name, walks(), commission=commission)
    env.reset(seed=seed)
    env.action_space.seed(seed)
    for _ in range(30):
        before = env.account.value(env.prices.close[env.day])
        gain = env.account.shares @ (env.prices.close[env.day + 1] - env.prices.close[env.day])
        _, _, terminated, _, info = env.step(env.action_space.sample())
        assert info["value"] == pytest.approx(before + gain - info["paid"], abs=0.005)
        assert info["paid"] == pytest.approx(commission * info["traded"], abs=0.005)
        if terminated:
            break


@pytest.mark.parametrize("name", ENVS)
def test_the_future_is_unknown(name: str, walks: Walks) -> None:
    """Other prices after day t change no observation up to t; other prices on day t do."""
    prices = walks()
    env = build(name, prices)
    rng = np.random.default_rng(0)
    first, _ = env.reset(seed=3)
    actions = [env.action_space.sample() for _ in range(10)]
    seen = [first] + [env.step(action)[0] for action in actions]
    today = env.day

    def replayed(changed_from: int) -> list[np.ndarray[Any, Any]]:
        close = prices.close.copy()
        close[changed_from:] *= np.exp(0.1 * rng.standard_normal(close[changed_from:].shape))
        other = build(name, replace(prices, close=close))
        other.scale = env.scale  # of the training period, which lies in the past of all that matters
        again, _ = other.reset(seed=3)
        return [again] + [other.step(action)[0] for action in actions]

    for mine, theirs in zip(seen, replayed(today + 1), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert not np.array_equal(seen[-1], replayed(today)[-1])


def test_the_scale_of_returns_is_that_of_training(walks: Walks) -> None:
    prices = walks()
    env = build("long", prices)
    close = prices.close.copy()
    close[env.split.train[1] :] *= 3 ** np.arange(len(close) - env.split.train[1])[:, None].clip(max=5)
    assert build("long", replace(prices, close=close)).scale == env.scale


def test_decisions_are_carried_out_a_day_later(walks: Walks) -> None:
    """A portfolio chosen on day t is bought at t + 1, and its reward is what that costs and its return to t + 2."""
    env = build("short", walks(), commission=0.01, leverage=1.0)
    env.set_split("test")
    env.reset(seed=0)
    close, day = env.prices.close, env.day
    all_in = {"A": np.array([1.0, 0, 0, 0], dtype=np.float32), "B": np.array([0, 1.0, 0, 0], dtype=np.float32)}
    _, reward, _, _, info = env.step(all_in["A"])
    assert info["value"] == pytest.approx(CASH / 1.01)  # bought, and nothing earned yet
    assert reward == pytest.approx(100 * np.log(close[day + 2, 0] / close[day + 1, 0] / 1.01))
    _, reward, *_ = env.step(all_in["B"])
    assert reward == pytest.approx(100 * np.log(close[day + 3, 1] / close[day + 2, 1] * 0.99 / 1.01))


@pytest.mark.parametrize("name", ["long", "short", "shares"])
def test_rewards_add_up_to_what_the_account_has_grown(name: str, walks: Walks) -> None:
    """With costs, interest and borrowing; the last decision costs, and earns nothing in the period any more."""
    env = build(name, walks(), commission=0.002, interest=0.1, borrowing=0.2)
    env.set_split("test")
    env.reset(seed=0)
    generator, rewards, over = np.random.default_rng(3), [], False
    while not over:
        action = generator.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        _, reward, *ended, info = env.step(action)
        rewards.append(reward)
        over = any(ended)
    assert len(rewards) == env.period[1] - env.period[0] - 1
    interest = env.costs.interest / 252  # on the first day, before anything can be decided
    assert sum(rewards) == pytest.approx(100 * np.log(info["value"] / (CASH * (1 + interest))))


@pytest.mark.parametrize("name", ENVS)
def test_validation_and_test_are_whole_and_always_the_same(name: str, walks: Walks) -> None:
    env = build(name, walks())
    for split in ("validation", "test"):
        env.set_split(split)
        start, stop = getattr(env.split, split)
        dates = []
        for seed in (0, 1):
            _, info = env.reset(seed=seed)
            run, done = [info["date"]], False
            while not done:
                *_, terminated, truncated, info = env.step(np.zeros(env.action_space.shape))
                run.append(info["date"])
                done = terminated or truncated
            dates.append(run)
        assert dates[0] == dates[1] == [str(date) for date in env.prices.dates[start:stop]]
    env.set_split("train")
    assert len({env.reset(seed=seed)[1]["date"] for seed in range(5)}) > 1


def test_ruin_ends_an_episode(walks: Walks) -> None:
    prices = walks()
    close = prices.close.copy()
    close[200:] *= 4.0
    env = build("short", replace(prices, close=close), episode_days=160, commission=0.0)
    env.period, env.day = (env.split.train[0], 220), 197  # straight to the jump
    short = np.array([-1.0, 0, 0, 0], dtype=np.float32)
    rewards = []
    for _ in range(10):
        observation, reward, terminated, truncated, info = env.step(short)
        rewards.append(reward)
        if terminated:
            break
    assert terminated and not truncated and info["value"] < 0.01 * CASH and np.isfinite(observation).all()
    assert np.isfinite(rewards).all() and rewards[-2] < -100  # of the decision that is ruined by the next close
    assert rewards[-1] == 0  # nothing is left to be decided


@pytest.mark.parametrize("name", ENVS)
def test_swapping_assets_swaps_everything(name: str, walks: Walks) -> None:
    """A market whose columns are swapped, with swapped actions: rewards stay, observations are swapped."""
    prices = walks()
    env = build(name, prices)
    symmetry = symmetry_of(env)
    assert symmetry is not None
    order = [1, 0, 2, 3]
    other = build(name, replace(prices, close=prices.close[:, order], tickers=tuple("BACD")))
    first, again = env.reset(seed=5)[0], other.reset(seed=5)[0]
    for _ in range(8):
        np.testing.assert_allclose(symmetry.observation.rep.apply(0, first), again, atol=1e-6)
        action = env.action_space.sample()
        first, reward, *_ = env.step(action)
        again, same, *_ = other.step(symmetry.action.apply(0, action))
        assert same == pytest.approx(reward, abs=1e-6)
    assert not np.allclose(first, again, atol=1e-3)


def test_flipping_a_market_flips_everything(walks: Walks) -> None:
    """A market of inverse prices, opposite positions: log-returns flip exactly, simple ones to second order."""
    prices = walks(volatility=[1e-4] * 4)
    env = build("short", prices, commission=0.0)
    symmetry = symmetry_of(env)
    assert symmetry is not None
    flip = symmetry.group.names.index("flip")
    other = build("short", replace(prices, close=1 / prices.close), commission=0.0)
    first, again = env.reset(seed=5)[0], other.reset(seed=5)[0]
    for _ in range(8):
        np.testing.assert_allclose(symmetry.observation.rep.apply(flip, first), again, atol=1e-3)
        action = env.action_space.sample()
        first, reward, *_ = env.step(action)
        again, same, *_ = other.step(symmetry.action.apply(flip, action))
        assert same == pytest.approx(reward, abs=1e-5)


def test_the_unit_of_prices_does_not_matter(walks: Walks) -> None:
    prices = walks()
    cents = replace(prices, close=prices.close * np.array([100.0, 1.0, 0.01, 7.0]))
    env, other = build("long", prices), build("long", cents)
    for mine, theirs in ((env.reset(seed=1)[0], other.reset(seed=1)[0]),):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
    action = env.action_space.sample()
    assert env.step(action)[1] == pytest.approx(other.step(action)[1])


def test_shares_trade_whole_lots_within_their_means(walks: Walks) -> None:
    env = build("shares", walks(), lot=10, max_shares=3000, commission=0.002)
    env.reset(seed=0)
    bought = 0
    for _ in range(40):
        env.step(env.action_space.sample())
        assert (env.account.shares % 10 == 0).all() and (env.account.shares >= 0).all()
        assert env.account.cash >= 0
        bought += int(env.account.shares.sum() > 0)
    assert bought > 30
    held = env.account.shares.copy()
    env.step(np.full(4, 0.9 * 10 / 3000))  # nine shares are no lot of ten
    np.testing.assert_array_equal(env.account.shares, held)


def test_indicators_know_the_past_alone(walks: Walks) -> None:
    close = walks(200).close
    table, changed = indicators(close), close.copy()
    changed[150:] *= 1.5
    again = indicators(changed)
    np.testing.assert_array_equal(table[:150], again[:150])
    assert not np.array_equal(table[150], again[150])
    assert np.isnan(table[:WARM_UP]).all() and np.isfinite(table[WARM_UP:]).all()
    np.testing.assert_allclose(indicators(close * 1000)[WARM_UP:], table[WARM_UP:], atol=1e-8)


def test_indicators_by_hand(walks: Walks) -> None:
    close = walks(100).close
    table = indicators(close)
    np.testing.assert_allclose(table[99, 4], 100 * np.log(close[99] / close[70:100].mean(axis=0)))
    np.testing.assert_allclose(table[99, 0], 100 * np.log(close[99] / close[98]))
    band = close[80:100]
    np.testing.assert_allclose(table[99, 3], (close[99] - band.mean(axis=0)) / (2 * band.std(axis=0, ddof=1)))
    rising = np.cumsum(np.ones((100, 1)), axis=0)
    assert indicators(rising)[99, 2, 0] == 1  # no day fell
    assert (indicators(np.ones((100, 1)))[99] == 0).all()


@pytest.mark.parametrize("name", ENVS)
def test_price_noise_is_seen_but_not_paid(name: str, walks: Walks) -> None:
    env, noisy = build(name, walks()), build(name, walks())
    noisy.set_price_noise(0.01)
    clear, blurred = env.reset(seed=2)[0], noisy.reset(seed=2)[0]
    assert not np.allclose(clear, blurred, atol=1e-2)
    np.testing.assert_array_equal(blurred, noisy.reset(seed=2)[0])
    action = env.action_space.sample()
    env.reset(seed=2), noisy.reset(seed=2)
    rewards = [(env.step(action)[1], noisy.step(action)[1]) for _ in range(5)]
    np.testing.assert_allclose(*zip(*rewards, strict=True), atol=1e-9)
    noisy.set_price_noise(0.0)
    np.testing.assert_array_equal(noisy.reset(seed=2)[0], clear)


@pytest.mark.parametrize("name", ENVS)
def test_noise_is_on_all_that_is_seen_of_prices(name: str, walks: Walks) -> None:
    """True prices whose noise undoes the difference look the same: nothing in an observation tells them apart."""
    prices = walks()
    one = build(name, prices)
    one.set_price_noise(0.01)
    one.reset(seed=2)
    action = one.action_space.sample()
    one.step(action)
    seen = np.exp(one._observed_logs)
    other = build(name, replace(prices, close=seen))  # whose true prices are those that the first one shows
    other.scale = one.scale
    other.reset(seed=2)
    other.day, other.period = one.day, one.period
    other.account = one.account
    if isinstance(one, Portfolio) and isinstance(other, Portfolio):
        other._reward = one._reward  # what was earned is known without noise
    np.testing.assert_allclose(one.observation(), other.observation(), rtol=1e-5, atol=1e-5)
    one.set_price_noise(0.0)  # control: true prices are seen, and look otherwise
    clear = build(name, prices)
    clear.reset(seed=2)
    clear.step(action)
    assert not np.allclose(clear.observation(), other.observation(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ENVS)
def test_bad_input_is_named(name: str, walks: Walks) -> None:
    env = build(name, walks())
    env.reset(seed=0)
    with pytest.raises(InputError, match="finite numbers from -1 to 1"):
        env.step(np.full(env.action_space.shape, np.nan))
    with pytest.raises(InputError, match="action is"):
        env.step(np.zeros(2))
    with pytest.raises(InputError, match="split is 'live', expected one of train, validation, test"):
        env.set_split("live")
    with pytest.raises(InputError, match="price noise is -1"):
        env.set_price_noise(-1)
    with pytest.raises(InputError, match="episode_days is 1"):
        build(name, walks(), episode_days=1)


def test_bad_portfolios_are_refused(walks: Walks) -> None:
    with pytest.raises(InputError, match=r"leverage=2.0 needs short=true"):
        build("long", walks(), leverage=2.0)
    with pytest.raises(InputError, match="leverage is 0"):
        build("short", walks(), leverage=0.0)
    with pytest.raises(InputError, match="window is 0"):
        build("long", walks(), window=0)
    with pytest.raises(InputError, match="use fewer years"):
        build("long", walks(), window=800)
    with pytest.raises(InputError, match="lot is 5 and max_shares 2"):
        build("shares", walks(), lot=5, max_shares=2)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"fold": 1.5}, "fold is 1.5, expected a whole number >= 0"),
        ({"fold": -1}, "fold is -1, expected a whole number >= 0"),
        ({"window": 8.5}, "window is 8.5, expected a whole number of days >= 1"),
        ({"window": True}, "window is True, expected a whole number of days >= 1"),
        ({"episode_days": 2.5}, "episode_days is 2.5, expected a whole number of days >= 2"),
        ({"test_years": 0.5}, "test_years is 0.5, expected a whole number of years >= 1"),
        ({"start": 1995, "prices": None}, "start is 1995, expected a day such as 2010-01-31"),
        ({"features": [["volume"]]}, "features is [['volume']], expected a list of names such as features=[volume]"),
        ({"features": 3}, "features is 3, expected a list of names such as features=[volume]"),
        (
            {"tickers": "AAPL", "prices": None},
            "tickers is 'AAPL', expected a list of names such as tickers=[AAPL,MSFT]",
        ),
    ],
)
def test_settings_of_the_wrong_kind_are_named(walks: Walks, kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        make("trading/portfolio", **{"prices": walks(), "window": 20, **SPLIT, **kwargs})
    assert str(error.value) == message


def test_sizes_of_trades_are_whole(walks: Walks) -> None:
    for name in ("lot", "max_shares"):
        with pytest.raises(InputError, match=f"{name} is 2.5, expected a whole number of shares >= 1"):
            build("shares", walks(), **{name: 2.5})


def test_a_file_needs_no_first_day(walks: Walks, tmp_path: Path) -> None:
    """The default start is that of sp500 alone."""
    prices = walks()
    path = tmp_path / "my.csv"
    pd.DataFrame(prices.close, index=pd.Index(prices.dates, name="date"), columns=prices.tickers).to_csv(path)
    for key in ("prices", "source"):
        market = make("trading/portfolio", window=20, **{key: str(path)}, **SPLIT).unwrapped
        np.testing.assert_allclose(market.prices.close, prices.close)
    later = make("trading/portfolio", window=20, prices=str(path), start="2010-03-01", **SPLIT).unwrapped
    assert str(later.prices.dates[0]) == "2010-03-01"
    with pytest.raises(InputError, match="do not fill start=1995-01-01"):
        make("trading/portfolio", window=20, prices=str(path), start="1995-01-01", **SPLIT)
    assert str(make("trading/portfolio").unwrapped.prices.dates[0])[:4] == "1995"
    assert str(make("trading/portfolio", start=None).unwrapped.prices.dates[0])[:4] == "1990"


def test_they_are_made_by_id(walks: Walks) -> None:
    env = make("trading/portfolio", prices=walks(), window=20, **SPLIT)
    assert isinstance(env, Portfolio)
    assert isinstance(make("trading/shares", prices=walks(), **SPLIT), Shares)
    with pytest.raises(InputError, match=r"'trading/portfolios' \(did you mean 'trading/portfolio'\?\)"):
        make("trading/portfolios")
    with pytest.raises(InputError, match="unexpected keyword argument 'windows'"):
        make("trading/portfolio", windows=3)
