"""Cash, holdings and the costs of changing them."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np

from nearsym.envs.errors import InputError

from .prices import YEAR, FloatArray

CENT = 1e-12
"""Fraction of the value to which costs and target weights are brought into agreement."""


@dataclass(frozen=True)
class Costs:
    """What trading costs, as fractions of the traded value, and what holding costs and earns, as fractions a year.

    Attributes:
        commission: paid to the broker; the same for all assets, or one for each.
        slippage: lost because one buys above and sells below the quoted price; likewise.
        interest: earned by cash.
        borrowing: paid for borrowed cash, and for the value of what is sold short.

    Raises:
        InputError: a fraction is out of range.
    """

    commission: float | tuple[float, ...] = 0.001
    slippage: float | tuple[float, ...] = 0.0
    interest: float = 0.0
    borrowing: float = 0.0

    def __post_init__(self) -> None:
        for name in ("commission", "slippage"):
            given = getattr(self, name)
            if not all(_is_number(each) and 0 <= each < 0.1 for each in np.atleast_1d(np.asarray(given, object))):
                raise InputError(f"{name} is {given}, expected a fraction of the traded value from 0 to 0.1")
        for name in ("interest", "borrowing"):
            given = getattr(self, name)
            if not (_is_number(given) and 0 <= given < 1):
                raise InputError(f"{name} is {given}, expected a fraction a year from 0 to 1, such as 0.02")

    @property
    def rate(self) -> FloatArray:
        """Of commission and slippage together: () for all assets, or (N,)."""
        rate: FloatArray = np.add(self.commission, self.slippage, dtype=np.float64)
        return rate

    def carry(self, cash: float, held: FloatArray) -> float:
        """What a day earns on (N,) values held and on cash, negative where it costs."""
        short = -float(np.minimum(held, 0.0).sum())
        return (self.interest * max(cash, 0.0) - self.borrowing * (max(-cash, 0.0) + short)) / YEAR


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


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

        cash ← cash - change·p - Σ_i κ_i |change_i| p_i,   κ = commission + slippage
        """
        values = np.abs(change) * prices
        traded, paid = float(values.sum()), float((self.costs.rate * values).sum())
        self.cash -= float(change @ prices) + paid
        self.shares = self.shares + change
        return Trade(traded, paid)

    def carry(self, prices: FloatArray) -> None:
        """Pass a day at (N,) prices of its beginning: cash earns interest, and what is borrowed costs."""
        self.cash += self.costs.carry(self.cash, self.shares * prices)

    def after_a_day(self, prices: FloatArray, following: FloatArray) -> float:
        """The value at the (N,) prices of the following day, if nothing is traded."""
        return self.value(following) + self.costs.carry(self.cash, self.shares * prices)

    def rebalance(self, target: FloatArray, prices: FloatArray) -> Trade:
        """Trade to the target weights *after* costs.

        The value V' left over solves V' + Σ_i κ_i |w_i V' - h_i p_i| = V, found by iteration, which contracts by
        Σ κ_i |w_i| < 1.

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
        if (self.costs.rate * np.abs(target)).sum() >= 1:
            raise InputError(
                f"target weights with a gross exposure of {np.abs(target).sum():g} cost all they are worth"
            )
        held = self.shares * prices
        after, previous = before, np.inf
        while abs(after - previous) > CENT * before:
            previous = after
            after = before - float((self.costs.rate * np.abs(target * after - held)).sum())
        return self.trade(target * after / prices - self.shares, prices)
