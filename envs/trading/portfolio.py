"""Choosing portfolio weights day by day."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError
from nearsym.envs.past_returns import PastReturns
from nearsym.envs.symmetry import Symmetry

from .allocation import SHARPNESS, Allocation, LongOnly, LongShort
from .market import Market
from .prices import YEAR, FloatArray
from .rewards import DifferentialSharpe, RiskPenalised, reward_by_name
from .symmetry import market_symmetry


class Portfolio(Market):
    """Target weights as actions, on real daily prices (see `Market` for what happens in a day).

    The observation is a vector: the last `window` daily log-returns of each asset in units of their standard deviation
    in training (asset by asset, oldest first), the weight of each asset (cash is what is missing to 1), what the reward
    remembers, and features (feature by feature).

    Args:
        window: days of returns in an observation.
        short: weights may be negative: see `LongShort`; otherwise `LongOnly`.
        leverage: largest gross exposure Σ|w| with `short`.
        reward: ``log_return``, ``risk_penalised`` or ``differential_sharpe``, in percent.
        risk_aversion: λ of ``risk_penalised``.
        band: nothing is traded while no weight differs from its target by more than this fraction of the account.
        **market: prices, costs and periods, as `Market` takes them.

    Raises:
        InputError: a value is out of range, or the history is too short.
    """

    def __init__(
        self,
        window: int = 32,
        short: bool = False,
        leverage: float = 1.0,
        reward: str = "log_return",
        risk_aversion: float = 0.1,
        band: float = 0.0,
        **market: Any,
    ) -> None:
        if not 0 < leverage <= 10:
            raise InputError(f"leverage is {leverage}, expected a number above 0 and up to 10")
        if not short and leverage != 1:
            raise InputError(f"leverage={leverage} needs short=true; long-only weights never exceed 1")
        if not 0 <= band < 1:
            raise InputError(f"band is {band}, expected a fraction of the account from 0 to below 1, such as 0.02")
        super().__init__(window, **market)
        self.band = band
        self._reward = reward_by_name(reward, risk_aversion)
        self.allocation: Allocation = LongShort(self.assets, leverage) if short else LongOnly(self.assets)
        self.symmetry: Symmetry = market_symmetry(
            self.tickers, window, self._reward.memory, short=short, features=self.known, sectors=self.sectors
        )
        size = self.assets * (window + 1 + self.known) + self._reward.memory
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1, 1, (self.allocation.actions,), np.float32)

    @property
    def past_returns(self) -> PastReturns | None:
        """The market as arrays; None where the reward of a day depends on the days before it."""
        if isinstance(self._reward, DifferentialSharpe):
            return None
        close, allocation = self.prices.close, self.allocation
        return PastReturns(
            growth=np.concatenate([np.ones((1, self.assets)), close[1:] / close[:-1]]),
            train=self.split.train,
            window=self.window,
            scale=self.scale,
            rate=self.costs.rate,
            interest=self.costs.interest / YEAR,
            borrowing=self.costs.borrowing / YEAR,
            sharpness=SHARPNESS,
            leverage=allocation.leverage if isinstance(allocation, LongShort) else None,
            risk_aversion=self._reward.risk_aversion if isinstance(self._reward, RiskPenalised) else 0.0,
            every=self.every,
            band=self.band,
            features=self._features.reshape(len(close), self.known * self.assets),
            listed=self.prices.listed,
        )

    def observation(self) -> NDArray[np.float32]:
        """Returns, weights, what the reward remembers, and features."""
        parts = [self.observed_returns().ravel(), self.observed_weights(), self._reward.observation()]
        return np.concatenate([*parts, self.observed_features().ravel()]).astype(np.float32)

    def trade(self, action: FloatArray, close: FloatArray) -> tuple[float, float]:
        """Rebalance to the weights the action stands for, unless the account is within the band."""
        tradable = self.tradable()
        target, held = self.allocation.weights(action, tradable), self.account.weights(close)
        gone = tradable is not None and bool(np.any(held[~tradable] != 0))
        if self.band and not gone and np.abs(target - held).max() <= self.band:
            return 0.0, 0.0
        trade = self.account.rebalance(target, close)
        return trade.traded, trade.paid

    def worth(self, growth: float) -> float:
        """By the reward asked for."""
        return self._reward.of(growth)

    def _started(self) -> None:
        self._reward.reset()
