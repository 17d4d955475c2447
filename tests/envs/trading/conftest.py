"""Small made-up markets; and Yahoo Finance, played: frames as yfinance lays them out, no way to the real one."""

import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from nearsym.envs.trading.prices import Prices

FIELDS = ("Open", "High", "Low", "Close", "Volume")


class Yahoo:
    """What stands in for `yfinance.download`.

    Attributes:
        history: days each ticker has; others fail.
        calls: keyword arguments of every call.
        change: applied to the frame before it is returned.
    """

    def __init__(self):
        self.history, self.calls = {}, []
        self.change = lambda frame: frame

    def lists(self, ticker, days):
        self.history[ticker] = pd.DatetimeIndex(days, name="Date")

    def ticker_frame(self, ticker):
        if ticker not in self.history:
            return pd.DataFrame({name: [] for name in (*FIELDS[:4], "Adj Close", "Volume")}, dtype=float).set_axis(
                pd.DatetimeIndex([], name="Date")
            )
        days = self.history[ticker]
        close = 10.0 + np.arange(len(days)) + sum(map(ord, ticker))
        fields = {"Open": close, "High": close + 1, "Low": close - 1, "Close": close}
        return pd.DataFrame(fields | {"Volume": np.arange(len(days))}, index=days)

    def __call__(self, tickers, **kwargs):
        self.calls.append({"tickers": tickers, **kwargs})
        frames = {ticker: self.ticker_frame(ticker) for ticker in tickers}
        failed = [ticker for ticker in tickers if ticker not in self.history]
        if failed:
            logging.getLogger("yfinance").error(f"\n{len(failed)} Failed download:")
            logging.getLogger("yfinance").error(f"{failed}: possibly delisted; no timezone found")
        days = pd.DatetimeIndex(sorted({day for frame in frames.values() for day in frame.index}), name="Date")
        frame = pd.concat(
            [each.reindex(days) for each in frames.values()], axis=1, keys=frames.keys(), names=["Ticker", "Price"]
        )
        frame.columns = frame.columns.swaplevel(0, 1)
        return self.change(frame.sort_index(level=0, axis=1))


@pytest.fixture
def yahoo(monkeypatch, tmp_path):
    """A Yahoo that lists AAPL and MSFT on four days, and an empty cache."""
    played = Yahoo()
    for ticker in ("AAPL", "MSFT"):
        played.lists(ticker, ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"])
    monkeypatch.setattr("yfinance.download", played)
    monkeypatch.setenv("NEARSYM_CACHE", str(tmp_path / "cache"))
    return played


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """A test that forgets to ask for `yahoo` fails here instead of reaching the real one."""

    def refused(*args, **kwargs):
        raise AssertionError("a test tried to download")

    monkeypatch.setattr("yfinance.download", refused)
    monkeypatch.setattr("yfinance.data.YfData.get", refused)


@pytest.fixture(scope="session")
def walks() -> Callable[..., Prices]:
    """Independent random walks on 900 days in a row, of equal law unless volatilities are given."""

    def make(
        days: int = 900, assets: int = 4, volatility: float | list[float] = 0.01, drift: float = 0.0, seed: int = 0
    ) -> Prices:
        generator = np.random.default_rng(seed)
        steps = drift + generator.standard_normal((days, assets)) * np.broadcast_to(volatility, assets)
        dates = np.datetime64("2010-01-04") + np.arange(days)
        close = 100 * np.exp(np.cumsum(steps, axis=0))
        return Prices(dates, tuple("ABCDEFGH"[:assets]), close, source="a made-up market")

    return make
