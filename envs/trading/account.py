"""Cash, holdings and the costs of changing them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearsym.envs.errors import InputError

from .prices import FloatArray

CENT = 1e-12
"""Fraction of the value to which costs and target weights are brought into agreement."""


@dataclass(frozen=True)
class Costs:
    """What trading costs, as fractions of the traded value.

    Attributes:
        commission: paid to the broker.
        slippage: lost because one buys above and sells below the quoted price.

    Raises:
        InputError: a fraction is negative or 0.1 and more.
    """

    commission: float = 0.001
    slippage: float = 0.0

    def __post_init__(self) -> None:
        for name in ("commission", "slippage"):
            if not 0 <= getattr(self, name) < 0.1:
                raise InputError(
                    f"{name} is {getattr(self, name)}, expected a fraction of the traded value from 0 to 0.1"
                )

    @property
    def rate(self) -> float:
        """Of both together."""
        return self.commission + self.slippage


@dataclass(frozen=True)
class Trade:
    """One round of trading.

    Attributes:
        traded: value bought plus value sold.
        paid: commission and slippage.
    """

    traded: float
    paid: float


class Account:
    """Cash and holdings of N assets.

    Every trade keeps the books: value before = value after + what was paid, at the same prices.

    Args:
        cash: to start with.
        assets: N.
        costs: of trading.
    """

    def __init__(self, cash: float, assets: int, costs: Costs) -> None:
        self.cash, self.shares, self.costs = cash, np.zeros(assets), costs

    def value(self, prices: FloatArray) -> float:
        """Cash plus holdings at (N,) prices."""
        return float(self.cash + self.shares @ prices)

    def weights(self, prices: FloatArray) -> FloatArray:
        """(N,) fraction of the value in each asset; what is missing to 1 is cash."""
        weights: FloatArray = self.shares * prices / self.value(prices)
        return weights

    def trade(self, change: FloatArray, prices: FloatArray) -> Trade:
        """Buy (or sell, where negative) `change` shares of each asset.

        cash ← cash - change·p - κ |change|·p,   κ = commission + slippage
        """
        traded = float(np.abs(change) @ prices)
        paid = self.costs.rate * traded
        self.cash -= float(change @ prices) + paid
        self.shares = self.shares + change
        return Trade(traded, paid)

    def rebalance(self, target: FloatArray, prices: FloatArray) -> Trade:
        """Trade to the target weights *after* costs.

        The value V' left over solves V' + κ Σ_i |w_i V' - h_i p_i| = V, found by iteration, which contracts by
        κ Σ|w_i| < 1.

        Args:
            target: (N,) weights; the rest, 1 - Σ w_i, stays in cash.
            prices: (N,) at which all trades are done.

        Raises:
            InputError: a weight is not finite, the account is worth nothing, or costs would eat up everything.
        """
        before = self.value(prices)
        if not np.isfinite(target).all():
            raise InputError(f"target weights are {target.tolist()}, expected finite numbers")
        if not before > 0:
            raise InputError(f"the account is worth {before:g}; nothing can be traded")
        if self.costs.rate * np.abs(target).sum() >= 1:
            raise InputError(
                f"target weights with a gross exposure of {np.abs(target).sum():g} cost all they are worth"
            )
        held = self.shares * prices
        after, previous = before, np.inf
        while abs(after - previous) > CENT * before:
            previous = after
            after = before - self.costs.rate * float(np.abs(target * after - held).sum())
        return self.trade(target * after / prices - self.shares, prices)
