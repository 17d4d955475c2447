"""`nearsym data`: daily prices for trading, what their assets returned, and what looks wrong in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from nearsym.envs.errors import InputError
from nearsym.envs.trading import Prices, load_prices
from nearsym.envs.trading.findings import Finding, findings
from nearsym.envs.trading.period import Period
from nearsym.envs.trading.prices import YEAR, DateArray, FloatArray

from .compose import compose
from .help import command_help

SHOWN = 20
"""Findings that are printed; `nearsym.envs.trading.findings.findings` gives all of them."""


@dataclass(frozen=True)
class DataSettings:
    """Daily prices of one source.

    Attributes:
        source: ``sp500`` (20 stocks that come with skfolio), ``yfinance`` (Yahoo Finance), or the path of a CSV or
            parquet file; may be given first, without ``source=``.
        tickers: those to keep, such as ``[AAPL,MSFT]``; null for all. yfinance needs them.
        start: first day, such as ``2010-01-01``; null for the first there is. yfinance needs it.
        end: day after the last; null for after the last there is. yfinance needs it.
        refresh: download again what yfinance has downloaded before.

    Raises:
        InputError: a bound is no day, or the end does not come after the start.
    """

    source: str
    tickers: list[str] | None = None
    start: str | None = None
    end: str | None = None
    refresh: bool = False

    def __post_init__(self) -> None:
        Period(self.start, self.end)


def run(words: list[str]) -> int:
    """Load, summarise and check the prices of the source named by the first word."""
    if words and "=" not in words[0]:
        quoted = words[0].replace("'", r"\'")
        words = [f"source='{quoted}'", *words[1:]]
    elif not any(word.startswith("source=") for word in words):
        raise InputError("which prices? name a source first: nearsym data sp500, or yfinance, or my.csv")
    for word in words:
        key, _, value = word.partition("=")
        if key == "tickers" and not value.startswith("[") and value != "null":
            raise InputError(f"tickers is {value!r}, expected a list such as tickers=[AAPL,MSFT]")
    settings = compose("data", DataSettings, words)
    prices = load_prices(settings.source, settings.tickers, settings.start, settings.end, refresh=settings.refresh)
    Console(highlight=False).print(_summary(prices))
    for line in _finding_lines(findings(prices)):
        print(line)
    print(f"source: {prices.source}")
    return 0


def usage() -> str:
    """Help text."""
    return command_help(
        "data",
        DataSettings,
        "nearsym data: daily prices for trading, what their assets returned, and what looks wrong in them",
        "nearsym data yfinance tickers=[AAPL,MSFT] start=2010-01-01 end=2020-01-01",
    )


def _summary(prices: Prices) -> Table:
    # the same days for every asset: `Prices` are complete
    days = f"{len(prices.dates)} days, {prices.dates[0]} to {prices.dates[-1]}"
    table = Table(title=f"{len(prices.tickers)} assets, {days}", title_justify="left")
    for column in ("ticker", "annual return", "annual volatility", "worst day"):
        table.add_column(column, no_wrap=True, justify="left" if column == "ticker" else "right")
    for asset, ticker in enumerate(prices.tickers):
        table.add_row(ticker, *_row(prices.close[:, asset], prices.dates))
    if prices.index is not None:
        table.add_section()
        table.add_row("index", *_row(prices.index, prices.dates))
    return table


def _row(close: FloatArray, dates: DateArray) -> list[str]:
    """Cells of one asset: what a year returned, compounded, and the standard deviation of log returns, for a year."""
    logs = np.diff(np.log(close))
    if len(logs) < 2:
        return ["", "", ""]
    annual = np.expm1(logs.mean() * YEAR)
    volatility = logs.std(ddof=1) * np.sqrt(YEAR)
    worst = int(logs.argmin())
    return [f"{annual:+.1%}", f"{volatility:.1%}", f"{np.expm1(logs[worst]):+.1%} on {dates[worst + 1]}"]


def _finding_lines(found: list[Finding]) -> list[str]:
    if not found:
        return ["nothing looks wrong: no stale prices, unadjusted splits, long gaps, or closes outside low and high"]
    lines = [f"{finding.ticker} {finding.date}: {finding.text}" for finding in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"… and {len(found) - SHOWN} more, choose fewer tickers or days to see them")
    return [f"{len(found)} to look at:", *(f"  {line}" for line in lines)]
