"""Buying and selling whole lots of shares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry

from .checks import check_whole
from .indicators import INDICATORS, WARM_UP, indicators
from .market import Market
from .prices import FloatArray, Prices
from .symmetry import shares_symmetry


class Shares(Market):
    """Lots of shares bought and sold as actions, observed through indicators, long only (see `Market` for a day).

    The action a_i asks to trade ``a_i · max_shares`` of asset i, rounded towards zero to whole lots. Sales come first
    and cannot exceed what is held; where cash does not reach for all purchases, all are cut by the same factor.

    The observation is a vector: the indicators of all assets, indicator by indicator (`INDICATORS`), the value of
    `max_shares` of each asset and of what is held of it as fractions of the account's, features (feature by feature),
    and the fraction in cash.

    FinRL's environment of this kind differs in trading at the price it has just seen, in observing raw prices, and in
    serving purchases in the order of their size.

    Args:
        max_shares: shares of each asset traded in a day at most.
        lot: shares are traded in multiples of this many.
        **market: prices, costs and periods, as `Market` takes them.

    Raises:
        InputError: a value is out of range, or the history is too short.
    """

    def __init__(self, max_shares: int = 1000, lot: int = 1, **market: Any) -> None:
        check_whole("lot", lot, 1, "shares")
        check_whole("max_shares", max_shares, 1, "shares")
        if lot > max_shares:
            raise InputError(f"lot is {lot} and max_shares {max_shares}, expected lot <= max_shares")
        super().__init__(WARM_UP, **market)
        if self.prices.listed is not None:
            raise InputError("trading/shares trades assets that are listed all the time; take trading/portfolio")
        self.max_shares, self.lot = max_shares, lot
        self._indicators = self._clean = indicators(self.prices.close)
        self.symmetry: Symmetry = shares_symmetry(self.tickers, len(INDICATORS) + self.known, self.sectors)
        size = self.assets * (len(INDICATORS) + 2 + self.known) + 1
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float32)
        self.action_space = gymnasium.spaces.Box(-1, 1, (self.assets,), np.float32)

    def observation(self) -> NDArray[np.float32]:
        """Indicators, size of a trade, holdings, features, cash."""
        size, weights = self.max_shares * self.observed_close() / self.observed_value(), self.observed_weights()
        features = self.observed_features().ravel()
        parts = (self._indicators[self.day].ravel(), size, weights, features, [1 - weights.sum()])
        return np.concatenate(parts).astype(np.float32)

    def trade(self, action: FloatArray, close: FloatArray) -> tuple[float, float]:
        """Sell, then buy."""
        wanted = np.fix(action * self.max_shares / self.lot) * self.lot
        sale = self.account.trade(-np.minimum(np.maximum(-wanted, 0), self.account.shares), close)
        buying = np.maximum(wanted, 0)
        price = close * (1 + self.costs.rate)
        needed = float(buying @ price)
        if needed > self.account.cash:
            buying = np.floor(buying * max(self.account.cash, 0.0) / needed / self.lot) * self.lot
        purchase = self.account.trade(buying, close)
        return sale.traded + purchase.traded, sale.paid + purchase.paid

    def worth(self, growth: float) -> float:
        """The log-return, in percent."""
        return 100 * float(np.log(growth))

    def as_of(self, prices: Prices, held: Mapping[str, float]) -> Self:
        """As `Market.as_of`, with the indicators of these prices."""
        seen = super().as_of(prices, held)
        seen._indicators = seen._clean = indicators(seen.prices.close)
        return seen

    def _started(self) -> None:
        self._indicators = indicators(np.exp(self._observed_logs)) if self.price_noise else self._clean
