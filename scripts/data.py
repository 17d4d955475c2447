"""`nearsym data`: daily prices for trading, what their assets returned, and what looks wrong in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console

from nearsym.envs.errors import InputError
from nearsym.envs.trading import load_prices
from nearsym.envs.trading.findings import findings
from nearsym.envs.trading.period import Period
from nearsym.envs.trading.summary import finding_lines, summary

from .compose import compose, with_key
from .help import command_help


@dataclass(frozen=True)
class DataSettings:
    """Daily prices of one source.

    Attributes:
        source: ``sp500`` (20 stocks that come with skfolio) or another market that comes with a package (``factors``,
            ``indices``, ``nyse_o``, …), ``yfinance`` (Yahoo Finance), or the path of a CSV or parquet file; may be
            given first, without ``source=``.
        tickers: those to keep, such as ``[AAPL,MSFT]``; null for all. yfinance needs them.
        start: first day, such as ``2010-01-01``; null for the first there is. yfinance needs it.
        end: day after the last; null for after the last there is. yfinance needs it.
        refresh: download again what yfinance has downloaded before.
        features: columns of a file, or ``volume``, that agents are to observe; they are checked with the prices.
        listings: whether assets of a file may be listed later than others, or end sooner.

    Raises:
        InputError: a bound is no day, or the end does not come after the start.
    """

    source: str
    tickers: list[str] | None = None
    start: str | None = None
    end: str | None = None
    refresh: bool = False
    features: list[str] = field(default_factory=list)
    listings: bool = False

    def __post_init__(self) -> None:
        Period(self.start, self.end)


def run(arguments: list[str]) -> int:
    """Load, summarise and check the prices of the source named by the first argument."""
    arguments = with_key(
        arguments, "source", "which prices? name a source first: nearsym data sp500, or yfinance, or my.csv"
    )
    for argument in arguments:
        key, _, value = argument.partition("=")
        if key == "tickers" and not value.startswith("[") and value != "null":
            raise InputError(f"tickers is {value!r}, expected a list such as tickers=[AAPL,MSFT]")
    settings = compose("data", DataSettings, arguments)
    prices = load_prices(
        settings.source,
        settings.tickers,
        settings.start,
        settings.end,
        refresh=settings.refresh,
        features=settings.features,
        listings=settings.listings,
    )
    Console(highlight=False).print(summary(prices))
    for line in finding_lines(findings(prices)):
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
