"""Downloading daily prices from Yahoo Finance through yfinance."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from nearsym.envs.errors import InputError

from .extra import extra
from .period import LONGEST_CLOSURE
from .prices import FIELDS

if TYPE_CHECKING:
    from pandas import DataFrame, Series

PATIENCE, PATIENCE_EACH = 60.0, 5.0
"""Seconds that all of a download may take, and as many more for each ticker: yfinance's own limit is one of a single
request, and it makes several of each and tries again."""

LOGGER = "yfinance"
"""Where yfinance tells why a ticker failed; it raises nothing, and each of its versions keeps the errors elsewhere."""


def download(tickers: Sequence[str], start: str, end: str) -> DataFrame:
    """Adjusted prices of all tickers on all days start ≤ day < end that any of them traded.

    Args:
        tickers: as Yahoo writes them, in capitals.
        start: first day, YYYY-MM-DD.
        end: day after the last, YYYY-MM-DD, today at the latest: prices of a running day would still change.

    Returns:
        A long table: ``date``, ``ticker``, ``close``, ``open``, ``high``, ``low``, ``volume``, by ticker, then date;
        prices are adjusted for splits and dividends.

    Raises:
        InputError: Yahoo cannot be reached or does not answer in time, gave nothing, gave only a part (says which
            tickers lack which days), or
            yfinance answers in a form that is not expected.
    """
    if end > str(date.today()):
        raise InputError(f"end={end} lies in the future, expected today or an earlier day: {date.today()}")
    asked = f"{', '.join(tickers)} from {start} to {end}"
    yfinance = extra("yfinance")
    with _logged() as messages:
        try:
            frame = _in_time(
                lambda: yfinance.download(
                    list(tickers),
                    start=start,
                    end=end,
                    interval="1d",
                    auto_adjust=True,
                    actions=False,
                    group_by="column",
                    progress=False,
                    threads=False,
                    timeout=10,
                ),
                PATIENCE + PATIENCE_EACH * len(tickers),
            )
        except Exception as error:  # whatever its HTTP libraries raise, or its own code on an answer it did not expect
            messages.append(f"{type(error).__name__}: {error}")
            frame = None
    reason = f" (yfinance says: {_short(messages)})" if messages else ""
    if frame is None or frame.empty:
        raise InputError(
            f"Yahoo Finance gave no prices of {asked}{reason}; check the network and the tickers and try again later, "
            "or use prices of your own (nearsym data my.csv) or those that come with nearsym (nearsym data sp500)"
        )
    fields = _fields(frame, tickers, yfinance.__version__)
    _check_whole(fields, start, end, reason)
    table = extra("pandas").concat(
        [extra("pandas").DataFrame({"ticker": name, **columns}).rename_axis("date") for name, columns in fields.items()]
    )
    return table.reset_index()


def _fields(frame: DataFrame, tickers: Sequence[str], version: str) -> dict[str, dict[str, Series]]:
    """Columns of each ticker by the names of `FIELDS`, after a check that they are the expected ones."""
    expected = {name.capitalize() for name in FIELDS}
    two_levels = set(frame.columns.names) == {"Price", "Ticker"}
    got = set(frame.columns.get_level_values("Price")) if two_levels else {str(name) for name in frame.columns}
    adjusted = not two_levels or "Adj Close" not in got or frame["Adj Close"].isna().all(axis=None)
    if not two_levels or not expected <= got or not adjusted or frame.index.dtype.kind != "M":
        raise InputError(
            f"yfinance {version} gave columns {', '.join(sorted(got))}, expected adjusted "
            f"{', '.join(sorted(expected))} for each ticker and day; Yahoo or yfinance has changed: install another "
            "version (pip install --upgrade yfinance), or use prices of your own (nearsym data my.csv)"
        )
    frame = frame.copy()
    frame.columns = frame.columns.reorder_levels(["Price", "Ticker"])
    absent = extra("pandas").Series(float("nan"), index=frame.index)
    return {ticker: {name: frame.get((name.capitalize(), ticker), absent) for name in FIELDS} for ticker in tickers}


def _check_whole(fields: dict[str, dict[str, Series]], start: str, end: str, reason: str) -> None:
    """Check that every ticker has every day that any ticker has, and that these days fill the period."""
    pd = extra("pandas")
    has = pd.DataFrame({ticker: pd.DataFrame(columns).notna().all(axis=1) for ticker, columns in fields.items()})
    wrong = [_lacking(ticker, has[ticker], start, end) for ticker in has]
    if any(wrong):
        raise InputError(
            f"Yahoo Finance gave only a part of what was asked{reason}: {'; '.join(filter(None, wrong))}. Leave out "
            "these tickers with tickers=[…], or choose other days with start= and end="
        )


def _lacking(ticker: str, has: Series, start: str, end: str) -> str:
    """What a ticker lacks, in words; empty for nothing.

    Args:
        ticker: its name.
        has: whether it has prices, for each day that any ticker has.
        start: of the period.
        end: of the period.
    """
    days, closed = has.index[has.to_numpy()], extra("pandas").Timedelta(days=LONGEST_CLOSURE)
    if not len(days):
        return f"{ticker} has no prices"
    parts = []
    if days[0] > has.index[0] or days[0] - extra("pandas").Timestamp(start) > closed:
        parts.append(f"begins only on {days[0]:%Y-%m-%d}")
    if days[-1] < has.index[-1] or extra("pandas").Timestamp(end) - days[-1] > closed:
        parts.append(f"ends already on {days[-1]:%Y-%m-%d}")
    inside = has[(has.index > days[0]) & (has.index < days[-1])]
    gaps = [f"{day:%Y-%m-%d}" for day in inside.index[~inside.to_numpy()]]
    if gaps:
        parts.append(f"lacks {', '.join(gaps[:5])}{f' and {len(gaps) - 5} more days' if len(gaps) > 5 else ''}")
    return f"{ticker} {' and '.join(parts)}" if parts else ""


def _in_time(call: Callable[[], Any], seconds: float) -> Any:
    """What a call returns or raises within so many seconds; after that it is left alone, in a thread of its own.

    Raises:
        TimeoutError: it takes longer.
    """
    outcome: list[Callable[[], Any]] = []

    def attempt() -> None:
        try:
            found = call()
            outcome.append(lambda: found)
        except Exception as error:  # to be raised where the caller waits
            outcome.append(partial(_raise, error))

    thread = threading.Thread(target=attempt, name="yfinance", daemon=True)  # no process waits for it at its end
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    return outcome[0]()


def _raise(error: Exception) -> None:
    raise error


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Collect what yfinance logs about failures instead of printing it."""
    messages: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger, collect = logging.getLogger(LOGGER), Collect(logging.WARNING)
    propagates = logger.propagate
    logger.addHandler(collect)
    logger.propagate = False
    try:
        yield messages
    finally:
        logger.propagate = propagates
        logger.removeHandler(collect)


def _short(messages: Sequence[Any], longest: int = 200) -> str:
    """The last message, where yfinance sums up, without its references to manuals."""
    line = " ".join(str(messages[-1]).split())
    line = re.sub(r"\.? See https?:\S*.*?(?=['\")]*$)", "", line)
    return line if len(line) <= longest else f"{line[:longest]}…"
