"""What every trading environment shares: prices, periods, and days that pass."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Self

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.auditing.measurement import Measurement
from nearsym.envs.errors import InputError
from nearsym.envs.rollout import Policy, Remembering
from nearsym.envs.symmetry import Symmetry

from .account import Account, Costs
from .backtest import ROUNDING
from .checks import Fractions, check_names, check_whole, checked_sectors, of_assets
from .evaluation import TradingReport, evaluate
from .extra import version
from .features import FeatureScale
from .prices import BoolArray, FloatArray, Prices
from .sources import load_prices
from .splits import SPLITS, SplitSettings
from .symmetry import law_errors, time_errors

CASH = 1_000_000.0
"""What an account starts with."""

READERS = ("numpy", "pandas", "pyarrow", "skfolio", "yfinance")
"""Packages that prices are read with."""

RUIN = 0.01
"""Fraction of the starting cash below which an account is closed."""


class Market(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]], ABC):
    """Base of the trading environments.

    A day t: the agent observes closing prices up to day t and decides; the decision is carried out at the close of day
    t + 1; the reward is what it made there: costs, and the account's growth to the close of day t + 2. An agent would
    otherwise have to find out that what it is given has been earned by the decision before. Nothing observed knows of
    that growth before its day has come. In training an episode starts on a random
    day of the period and lasts `episode_days`; in validation and test it is the whole period (`set_split`). The period
    ends by truncation, ruin by termination.

    Args:
        window: days an observation looks back.
        source: ``sp500``, ``yfinance``, or a file; see `load_prices`.
        tickers: assets; all the source has by default.
        start: first day, such as ``2005-01-01``.
        end: day after the last.
        prices: a file, in place of the source; or `Prices`, in place of source, tickers, start and end.
        commission: fraction of the traded value; a number, or one for each asset, in their order or by ticker.
        slippage: fraction of the traded value; likewise.
        interest: a year, that cash earns.
        borrowing: a year, on borrowed cash and on what is sold short.
        episode_days: length of a training episode.
        fold: which rolling window; see `SplitSettings`.
        train_years: years of training; all there are by default.
        validation_years: years of validation.
        test_years: years of test.
        every: days from one decision to the next; what is held drifts in between, and a step's reward is that of all
            of them.
        features: columns of the file (or ``volume``, ``open``, ``high``, ``low``) to observe of each asset.
        listings: whether assets of the file may be listed later than others, or end sooner; see `Prices`.
        sectors: lists of tickers by name; permutations within these are then the symmetry, and tickers in none of them
            stay where they are. All permutations by default.

    Raises:
        InputError: the history is too short for the periods, or a value is out of range.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - gymnasium's own way
    cash = CASH

    def __init__(
        self,
        window: int,
        *,
        source: str = "sp500",
        tickers: Sequence[str] | None = None,
        start: str | None = None,
        end: str | None = None,
        prices: Prices | str | None = None,
        commission: Fractions = 0.001,
        slippage: Fractions = 0.0,
        interest: float = 0.0,
        borrowing: float = 0.0,
        episode_days: int = 252,
        fold: int = 0,
        train_years: int | None = None,
        validation_years: int = 2,
        test_years: int = 4,
        every: int = 1,
        features: Sequence[str] = (),
        listings: bool = False,
        sectors: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        check_whole("window", window, 1, "days")
        check_whole("episode_days", episode_days, 2, "days")
        check_whole("every", every, 1, "days")
        check_names("features", features, "[volume]")
        if not isinstance(prices, Prices):
            prices = load_prices(
                source if prices is None else prices, tickers, start, end, features=features, listings=listings
            )
        self.prices, self.window, self.episode_days, self.every = prices, window, episode_days, every
        self.sectors = checked_sectors(sectors, prices.tickers)
        self.costs = Costs(
            of_assets("commission", commission, prices.tickers),
            of_assets("slippage", slippage, prices.tickers),
            interest,
            borrowing,
        )
        self.split = SplitSettings(fold, train_years, validation_years, test_years).split(prices.dates, window)
        self.current, self.whole = "train", False
        self.price_noise = 0.0
        self._observed_logs = np.log(prices.close)
        train = slice(self.split.train[0] - window, self.split.train[1])
        moves = np.diff(self._observed_logs[train], axis=0)
        self.scale = float((moves if prices.listed is None else moves[prices.listed[train][1:]]).std())
        self.features = FeatureScale(prices, features, self.split.train)
        self._features = self.features.of(prices)
        self.account = Account(CASH, self.assets, self.costs)
        self.day, self.period = self.split.train[0], self.split.train

    @property
    def assets(self) -> int:
        """Number of assets N."""
        return len(self.prices.tickers)

    @property
    def known(self) -> int:
        """Numbers F observed of each asset besides prices and weights."""
        return self._features.shape[1]

    @property
    def tickers(self) -> tuple[str, ...]:
        """Names of the assets, in the order of actions."""
        return self.prices.tickers

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the periods, in order of time."""
        return SPLITS

    @property
    def provenance(self) -> dict[str, str]:
        """What its prices are: the source in words, days, a checksum, and the versions of what read them."""
        found = {name: version(name) for name in READERS}
        read_by = ", ".join(f"{name} {number}" for name, number in found.items() if number is not None)
        days = f"{self.prices.dates[0]} to {self.prices.dates[-1]}"
        return {"source": self.prices.source, "days": days, "sha256": self.prices.checksum, "read by": read_by}

    def set_split(self, split: str, whole: bool | None = None) -> None:
        """From the next episode on, trade in ``train``, ``validation`` or ``test``.

        Args:
            split: the period.
            whole: whether an episode is all of it, rather than `episode_days` from a random day on; by default in
                validation and test.

        Raises:
            InputError: there is no such period.
        """
        if split not in SPLITS:
            raise InputError(f"split is {split!r}, expected one of {', '.join(SPLITS)}")
        self.current, self.whole = split, split != "train" if whole is None else whole

    def set_price_noise(self, strength: float) -> None:
        """From the next episode on, observe prices times exp(strength · n), n ~ N(0, 1) for each asset and day.

        A day's noise stays the same for as long as the day is in view. Whatever an observation says of prices, returns,
        indicators, sizes and weights alike, it says of those; trades are done at the true prices.

        Raises:
            InputError: a negative or non-finite strength.
        """
        if not (np.isfinite(strength) and strength >= 0):
            raise InputError(f"price noise is {strength}, expected a standard deviation of log prices >= 0")
        self.price_noise = strength

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode with all the money in cash."""
        super().reset(seed=seed)
        start, stop = getattr(self.split, self.current)
        if not self.whole and stop - start > self.episode_days:
            start = int(self.np_random.integers(start, stop - self.episode_days))
            stop = start + self.episode_days
        self.day, self.period = start, (start, stop)
        self.account = Account(CASH, self.assets, self.costs)
        self._observed_logs = np.log(self.prices.close)
        if self.price_noise:
            noise = self.np_random.standard_normal(self._observed_logs.shape)
            self._observed_logs = self._observed_logs + self.price_noise * noise
        self._started()
        return self.observation(), self._info(0.0, 0.0)

    def step(self, action: NDArray[Any]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Pass one day, or `every`: the account drifts to the next close, and there the decision is carried out.

        The reward is that of the growth until the close after, but for costs alone on the last day; with several days,
        the sum of theirs. ``info["days"]`` has what became of the account on each.

        Raises:
            InputError: the action is no vector of finite numbers of the right length.
        """
        action = np.asarray(action, dtype=np.float64)
        if action.shape != self.action_space.shape or not np.isfinite(action).all():
            raise InputError(
                f"action is {action.tolist()}, expected {self.action_space.shape} finite numbers from -1 to 1"
            )
        days, reward = [], 0.0
        for passed in range(self.every):
            self.account.carry(self.prices.close[self.day])
            self.day += 1
            close = self.prices.close[self.day]
            before = self.account.value(close)
            traded = paid = 0.0
            if passed == 0 and before > RUIN * CASH:
                traded, paid = self.trade(np.clip(action, -1, 1), close)
            after = self.account.value(close)
            ruined = after <= RUIN * CASH
            over = ruined or self.day >= self.period[1] - 1
            if over or passed == self.every - 1:
                observation = self.observation()  # before a reward that remembers learns of the next close
            earned = after if over else self.account.after_a_day(close, self.prices.close[self.day + 1])
            growth = max(earned / before, 1e-6) if before > 0 else 1.0  # what is lost was lost the day before
            reward += self.worth(growth)
            days.append(self._info(traded, paid))
            if over:
                break
        told = {name: sum(day[name] for day in days) for name in ("traded", "paid")}
        return observation, reward, ruined, over and not ruined, {**days[-1], **told, "days": tuple(days)}

    def as_of(self, prices: Prices, held: Mapping[str, float]) -> Self:
        """This market at the close of the last of other prices, with an account of 1,000,000 that holds something.

        Returns stay in the unit of the training period, as an agent has learned them.

        Args:
            prices: of the same assets, in any order.
            held: weights by ticker; the rest is cash.

        Raises:
            InputError: an asset is missing or unknown, there are too few days, or weights exceed the account's value.
        """
        prices = prices.of(self.tickers)
        if len(prices.dates) <= self.window:
            raise InputError(f"{prices.source} has {len(prices.dates)} days, expected at least {self.window + 1}")
        unknown = [ticker for ticker in held if ticker not in self.tickers]
        if unknown:
            raise InputError(f"held names {', '.join(unknown)}, and the assets are {', '.join(self.tickers)}")
        weights = np.array([held.get(ticker, 0.0) for ticker in self.tickers], dtype=np.float64)
        if not np.isfinite(weights).all():
            raise InputError(f"held is {dict(held)}, expected a fraction of the account's value for each ticker")
        if not np.abs(weights).sum() <= 1 + ROUNDING:
            raise InputError(f"held sums to {np.abs(weights).sum():g}, expected fractions of at most 1 together")
        seen = copy.copy(self)
        seen.prices, seen.day = prices, len(prices.dates) - 1
        seen._observed_logs, seen.price_noise, seen._features = np.log(prices.close), 0.0, self.features.of(prices)
        seen.account = Account(CASH * (1 - float(weights.sum())), self.assets, self.costs)
        seen.account.shares = CASH * weights / prices.close[-1]
        seen._started()
        return seen

    @abstractmethod
    def observation(self) -> NDArray[np.float32]:
        """What is known at the close of `day`."""

    @abstractmethod
    def trade(self, action: FloatArray, close: FloatArray) -> tuple[float, float]:
        """Carry out a decision at (N,) closing prices; returns what was traded and what was paid."""

    @abstractmethod
    def worth(self, growth: float) -> float:
        """The reward of a day on which the account grew by a factor."""

    def get_state(self) -> FloatArray:
        """(2N,) what the symmetry moves: today's observed returns, and the weights.

        There is no set_state: nobody can put a market into a state.
        """
        close = self.prices.close[self.day]
        state: FloatArray = np.concatenate([self.observed_returns()[:, -1], self.account.weights(close)])
        return state

    def symmetry_errors(self, symmetry: Symmetry, elements: list[int], states: FloatArray, seed: int) -> Measurement:
        """What an audit compares, for the portfolios held in (samples, 2N) states: see `law_errors`.

        Returns are those of the training period.
        """
        start, stop = self.split.train
        returns: FloatArray = self.prices.close[start:stop] / self.prices.close[start - 1 : stop - 1] - 1.0
        errors, floors, uncertainty = law_errors(
            returns, states[:, self.assets :], symmetry, elements, self.scale, seed, self.costs.rate
        )
        halves, dealt = time_errors(returns, self.scale, seed)
        method = (
            "one history cannot be run twice, so what is compared are the laws of a day's returns, whatever came "
            f"before that day, from {self.prices.dates[start]} to {self.prices.dates[stop - 1]}; the first half of it "
            f"against the second, translation in time, has ε_P {halves:.2g}, and halves dealt at random {dealt:.2g}"
        )
        return Measurement(errors, floors, method, uncertainty=uncertainty)

    def rewards_of(self, returns: FloatArray) -> FloatArray:
        """(T,) what days of these simple returns would have been worth to an agent, from the start of an episode on."""
        self._started()
        rewards = np.array([self.worth(max(1 + change, 1e-6)) for change in returns.tolist()])
        self._started()
        return rewards

    def evaluation(
        self,
        env: gymnasium.Env[Any, Any],
        policy: Policy | Remembering,
        noise: Sequence[float],
        noise_kind: str,
        drawings: int,
        trials: int,
        untrained: Policy | Remembering | None = None,
    ) -> TradingReport:
        """Trade the whole of the current period beside references: see `evaluate`."""
        return evaluate(self, env, policy, noise, noise_kind, drawings, trials, untrained)

    def _started(self) -> None:
        """An episode starts."""

    def tradable(self) -> BoolArray | None:
        """(N,) assets that were listed when the last decision was made, and still are; None where all are."""
        listed = self.prices.listed
        return None if listed is None else listed[self.day - 1] & listed[self.day]

    def observed_features(self) -> FloatArray:
        """(F, N) what is known of each asset besides prices and weights; see `FeatureScale`."""
        return self._features[self.day]

    def observed_close(self) -> FloatArray:
        """(N,) today's closing prices as they are seen."""
        if not self.price_noise:
            return self.prices.close[self.day]
        close: FloatArray = np.exp(self._observed_logs[self.day])
        return close

    def observed_value(self) -> float:
        """What the account seems to be worth at the prices seen; never less than an account that is closed."""
        return max(self.account.value(self.observed_close()), RUIN * CASH)

    def observed_weights(self) -> FloatArray:
        """(N,) fraction of that value that each asset seems to be."""
        weights: FloatArray = self.account.shares * self.observed_close() / self.observed_value()
        return weights

    def observed_returns(self) -> FloatArray:
        """(N, window) the last daily log-returns in view, in units of their training period's standard deviation."""
        logs = self._observed_logs[self.day - self.window : self.day + 1]
        returns: FloatArray = np.diff(logs, axis=0).T / self.scale
        return returns

    def _info(self, traded: float, paid: float) -> dict[str, Any]:
        close = self.prices.close[self.day]
        return {
            "date": str(self.prices.dates[self.day]),
            "value": self.account.value(close),
            "weights": self.account.weights(close),
            "traded": traded,
            "paid": paid,
        }
