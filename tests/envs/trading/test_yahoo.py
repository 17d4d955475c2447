"""Downloads are whole or refused, told apart by their message; yfinance's own layout is the one we expect."""

import inspect
import re
import threading
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import yfinance

from nearsym.envs.errors import InputError
from nearsym.envs.trading.yahoo import download

real_download = yfinance.download  # taken before the fixtures put others in its place
BOTH, SPAN = ("AAPL", "MSFT"), ("2020-01-01", "2020-01-10")


def refusal(tickers=BOTH, span=SPAN):
    with pytest.raises(InputError) as error:
        download(tickers, *span)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_whole_answer_becomes_a_long_table(yahoo):
    table = download(BOTH, *SPAN)
    assert list(table.columns) == ["date", "ticker", "close", "open", "high", "low", "volume"]
    assert list(table["ticker"]) == ["AAPL"] * 4 + ["MSFT"] * 4 and not table.isna().any(axis=None)
    expected = yahoo.ticker_frame("MSFT")
    for name in ("close", "open", "high", "low", "volume"):
        np.testing.assert_array_equal(table[name][4:], expected[name.capitalize()])
    (call,) = yahoo.calls
    assert call["auto_adjust"] is True and call["tickers"] == list(BOTH)
    assert (call["start"], call["end"]) == SPAN


def test_yfinance_takes_what_it_is_given(yahoo):
    download(BOTH, *SPAN)
    inspect.signature(real_download).bind(**yahoo.calls[0])
    with pytest.raises(TypeError):
        inspect.signature(real_download).bind(**yahoo.calls[0], adjust=True)


@pytest.mark.parametrize("tickers", [("AAPL", "MSFT"), ("AAPL",), ("AAPL", "NOPE"), ("NOPE",)])
def test_frames_are_laid_out_as_yfinance_does(tickers, yahoo, monkeypatch):
    """The real `yfinance.download` above tickers that answer from memory, beside what plays it in these tests."""

    class Ticker:
        def __init__(self, name):
            self.name, self._price_history = name, None

        def history(self, **kwargs):
            if self.name == "NOPE":
                raise ValueError("no timezone found")
            return yahoo.ticker_frame(self.name).tz_localize("America/New_York")

    monkeypatch.setattr("yfinance.multi.Ticker", Ticker)
    played, real = (call(**{**yahoo_call(tickers)}) for call in (yahoo, real_download))
    pd.testing.assert_frame_equal(played, real, check_freq=False, check_names=len(played) > 0)


def yahoo_call(tickers):
    options = {"auto_adjust": True, "actions": False, "group_by": "column", "progress": False, "threads": False}
    return {"tickers": list(tickers), "start": SPAN[0], "end": SPAN[1], "interval": "1d", **options}


def test_offline_is_one_line_with_the_reason(yahoo, capsys, caplog):
    yahoo.history.clear()
    text = refusal()
    assert text.startswith("Yahoo Finance gave no prices of AAPL, MSFT from 2020-01-01 to 2020-01-10 (yfinance says: ")
    assert "possibly delisted; no timezone found" in text and "nearsym data sp500" in text
    assert capsys.readouterr() == ("", "") and not caplog.records  # said once, by us


def test_what_yfinance_raises_is_told(yahoo, monkeypatch):
    def broken(*args, **kwargs):
        raise ConnectionError("no route to host. See https://example.org for more")

    monkeypatch.setattr("yfinance.download", broken)
    assert "(yfinance says: ConnectionError: no route to host);" in refusal()
    monkeypatch.setattr("yfinance.download", lambda *args, **kwargs: None)
    assert "gave no prices of AAPL, MSFT from 2020-01-01 to 2020-01-10; check the network" in refusal()


def test_a_ticker_that_failed_is_named(yahoo):
    text = refusal(("AAPL", "NOPE"))
    assert "NOPE has no prices. Leave out" in text and "no timezone found" in text and "AAPL has" not in text


def test_missing_history_is_named_with_its_dates(yahoo):
    yahoo.lists("LATE", ["2020-01-03", "2020-01-06", "2020-01-07"])
    yahoo.lists("EARLY", ["2020-01-02", "2020-01-03"])
    yahoo.lists("HOLES", ["2020-01-02", "2020-01-07"])
    text = refusal(("AAPL", "LATE", "EARLY", "HOLES"))
    assert (
        "LATE begins only on 2020-01-03; EARLY ends already on 2020-01-03; HOLES lacks 2020-01-03, 2020-01-06." in text
    )
    assert "AAPL" not in text


def test_a_history_that_does_not_fill_the_period_is_named(yahoo):
    assert "AAPL begins only on 2020-01-02" in refusal(("AAPL",), ("2019-12-20", "2020-01-10"))
    assert "MSFT ends already on 2020-01-07" in refusal(("MSFT",), ("2020-01-01", "2020-01-20"))
    assert len(download(BOTH, "2019-12-25", "2020-01-15")) == 8  # holidays


def test_a_missing_cell_is_a_missing_day(yahoo):
    def lose_volume(frame):
        frame = frame.astype(float)
        frame.loc["2020-01-06", ("Volume", "MSFT")] = np.nan
        return frame

    yahoo.change = lose_volume
    assert "MSFT lacks 2020-01-06." in refusal()


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        (lambda frame: frame.drop(columns="Volume", level=0), "gave columns Close, High, Low, Open, expected"),
        (lambda frame: frame["Close"], "gave columns AAPL, MSFT, expected"),
        (lambda frame: frame.rename(columns={"Close": "Last"}, level=0), "gave columns High, Last, Low"),
        (
            lambda frame: frame.join(pd.concat({"Adj Close": frame["Close"]}, axis=1, names=["Price"])),
            "gave columns Adj Close, Close",
        ),
        (lambda frame: frame.reset_index(drop=True), "for each ticker and day"),
    ],
)
def test_another_schema_is_refused(change, columns, yahoo):
    yahoo.change = change
    text = refusal()
    assert columns in text and f"yfinance {yfinance.__version__} gave" in text and "pip install --upgrade" in text


def test_days_to_come_are_refused_and_today_is_not(yahoo):
    tomorrow = str(date.today() + timedelta(days=1))
    assert f"end={tomorrow} lies in the future" in refusal(span=("2020-01-01", tomorrow)) and not yahoo.calls
    assert re.search("ends already on", refusal(span=("2020-01-01", str(date.today()))))


def test_a_network_that_stalls_is_given_up(yahoo, monkeypatch):
    """Whatever yfinance waits for, the download as a whole has a limit; one that answers within it is used."""
    stalled = threading.Event()

    def stall(frame):
        stalled.wait(60)
        return frame

    monkeypatch.setattr("nearsym.envs.trading.yahoo.PATIENCE", 0.05)
    monkeypatch.setattr("nearsym.envs.trading.yahoo.PATIENCE_EACH", 0.05)
    yahoo.change = stall
    assert "yfinance says: TimeoutError: no answer within 0.15 seconds" in refusal()
    stalled.set()
    monkeypatch.setattr("nearsym.envs.trading.yahoo.PATIENCE", 30.0)
    assert len(download(BOTH, *SPAN)) == 8
    assert yahoo.calls[0]["timeout"] == 10
