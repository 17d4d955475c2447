"""`nearsym trade`: what a trained policy would hold now, from the latest prices. Weights only: nothing is ordered."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.table import Table

from nearsym.agents.runs.build import build_env
from nearsym.agents.runs.console import print_table
from nearsym.agents.runs.evaluation import load_learner, policy_of
from nearsym.agents.runs.settings import TradeSettings
from nearsym.agents.runs.trust import trusted_settings
from nearsym.envs.errors import InputError
from nearsym.envs.rollout import Remembering
from nearsym.envs.trading import load_prices
from nearsym.envs.trading.market import Market
from nearsym.envs.trading.orders import Order, orders_from

from .compose import compose, with_key
from .help import command_help
from .trust import trusted

SHOWN = 5e-5
"""Fraction of the account's value below which an asset is neither held nor traded."""


def run(arguments: list[str]) -> int:
    """Show, and perhaps write, the trades that a run's policy decides on."""
    missing = "which run? give its folder first: nearsym trade runs/x prices=my.csv"
    settings = compose("trade", TradeSettings, with_key(arguments, "run", missing))
    settings, _ = trusted(settings, Path(settings.run))
    orders = decide(settings)
    title = f"{settings.run}: decided on closes up to {orders[0].date}, to be carried out at the next close"
    print_table(_table(orders, title))
    cash = [1 - sum(getattr(order, when) for order in orders) for when in ("before", "after")]
    cost = sum(order.cost for order in orders)
    print(f"cash {cash[0]:.2%} -> {cash[1]:.2%}; costs about {cost:,.2f} of {settings.value:,.2f}")
    if settings.out is not None:
        _write(orders, Path(settings.out))
        print(f"written: {settings.out}")
    return 0


def decide(settings: TradeSettings) -> list[Order]:
    """The trades at the last close, one for each asset.

    Raises:
        InputError: the run trades nothing, its policy has a memory, or prices or holdings do not fit it.
    """
    folder = Path(settings.run)
    market = build_env(trusted_settings(folder, settings.trust), "test").unwrapped
    if not isinstance(market, Market):
        raise InputError(f"{settings.run} does not trade: its environment is no market")
    _, learner = load_learner(folder, settings.trust)
    policy = policy_of(learner)
    if isinstance(policy, Remembering):
        raise InputError("a policy with a memory decides by what it has seen, and would have to be run every day")
    prices = market.prices
    if settings.prices is not None:
        prices = load_prices(
            settings.prices,
            market.tickers,
            settings.start,
            settings.end,
            features=market.features.names,
            listings=market.prices.listed is not None,
        )
    today = market.as_of(prices, settings.weights())
    before, close = today.account.shares, today.prices.close[-1]
    value = today.account.value(close)
    today.trade(np.clip(np.asarray(policy(today.observation()), dtype=np.float64), -1, 1), close)
    share = settings.value / value
    return orders_from(share * before, share * today.account.shares, settings.value, today.prices, today.costs)


def usage() -> str:
    """Help text."""
    return command_help(
        "trade",
        TradeSettings,
        "nearsym trade: what a trained policy would hold now; weights only, nothing is ordered",
        "nearsym trade runs/trader prices=my.csv held=[AAPL:0.1,KO:0.2] out=runs/today.csv",
    )


def _table(orders: list[Order], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in ("", "now", "then", "shares", "price"):
        table.add_column(column, justify="right" if column else "left")
    for order in orders:
        if max(abs(order.before), abs(order.after)) > SHOWN:
            row = (f"{order.before:.2%}", f"{order.after:.2%}", f"{order.shares:+,.2f}", f"{order.price:,.2f}")
            table.add_row(order.ticker, *row)
    return table


def _write(orders: list[Order], path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(asdict(orders[0])), lineterminator="\n")
            writer.writeheader()
            writer.writerows(asdict(order) for order in orders)
    except OSError as error:
        raise InputError(f"out={path} cannot be written ({error.strerror})") from error
