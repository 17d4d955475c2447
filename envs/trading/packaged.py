"""Markets that come with other packages, read from where the user has installed these: no network, no copies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import metadata, util
from pathlib import Path
from typing import Any

import numpy as np

from nearsym.envs.errors import InputError

from .extra import extra
from .period import Period
from .prices import Prices
from .tables import prices_from_table

UNIVERSAL = {
    "nyse_o": ("36 stocks of New York", "1962-07-03", "1984-12-31"),
    "nyse_n": ("23 stocks of New York", "1985-01-01", "2010-06-30"),
    "djia": ("30 stocks of the Dow Jones", "2001-01-14", "2003-01-14"),
    "msci": ("24 indices of countries", "2006-04-01", "2010-03-31"),
}
"""Of universal-portfolios: what it is, and its first and last day as papers give them."""


def packaged(name: str, tickers: Sequence[str] | None, period: Period) -> Prices:
    """One of `PACKAGED`.

    Raises:
        InputError: its package is not installed, or there are no such tickers or days.
    """
    return PACKAGED[name](name, tickers, period)


def _sp500(name: str, tickers: Sequence[str] | None, period: Period) -> Prices:
    datasets = extra("skfolio.datasets")
    source = f"sp500 (20 stocks, chosen in hindsight, from skfolio {metadata.version('skfolio')})"
    prices = prices_from_table(datasets.load_sp500_dataset(), source, tickers, period)
    levels = datasets.load_sp500_index().iloc[:, 0]
    return replace(prices, index=levels.loc[prices.dates].to_numpy())


def _factors(name: str, tickers: Sequence[str] | None, period: Period) -> Prices:
    source = f"factors (5 exchange-traded funds, from skfolio {metadata.version('skfolio')})"
    return prices_from_table(extra("skfolio.datasets").load_factors_dataset(), source, tickers, period)


def _indices(name: str, tickers: Sequence[str] | None, period: Period) -> Prices:
    """On the days that all three have."""
    loaded = {ticker: extra(f"arch.data.{ticker}").load() for ticker in ("nasdaq", "sp500", "wti")}
    columns = {"NASDAQ": loaded["nasdaq"]["Adj Close"], "SP500": loaded["sp500"]["Adj Close"], "WTI": loaded["wti"]}
    columns["WTI"] = columns["WTI"].iloc[:, 0]
    table = extra("pandas").concat(columns, axis=1, join="inner").dropna()
    source = (
        f"indices (two of stocks without dividends, and crude oil on the spot, from arch {metadata.version('arch')})"
    )
    return prices_from_table(table.rename_axis("date"), source, tickers, period)


def _universal(name: str, tickers: Sequence[str] | None, period: Period) -> Prices:
    """Levels by the day, without days: these are laid evenly between the first and the last."""
    found = util.find_spec("universal")  # found and not imported: it would bring much else
    root = None if found is None or found.origin is None else Path(found.origin).parent / "data"
    if root is None or not (root / f"{name}.csv").is_file():
        raise InputError(f"source {name} comes with universal-portfolios: pip install universal-portfolios")
    levels: Any = extra("pandas").read_csv(root / f"{name}.csv")
    about, first, last = UNIVERSAL[name]
    start, stop = (np.datetime64(day).astype(int) for day in (first, last))
    days = np.floor(np.linspace(start, stop, len(levels))).astype(int).astype("datetime64[D]")
    levels.index = days.astype("datetime64[s]")
    source = f"{name} ({about}, from universal-portfolios {metadata.version('universal-portfolios')}, days not dated)"
    return prices_from_table(levels.rename_axis("date"), source, tickers, period)


PACKAGED: dict[str, Callable[[str, Sequence[str] | None, Period], Prices]] = {
    "sp500": _sp500,
    "factors": _factors,
    "indices": _indices,
    **dict.fromkeys(UNIVERSAL, _universal),
}
"""Readers by name of the source."""
