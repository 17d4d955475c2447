"""From a table of text or numbers, wide or long, to complete prices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nearsym.envs.errors import InputError, did_you_mean

from .extra import extra
from .period import Period
from .prices import FIELDS, Prices

if TYPE_CHECKING:
    from pandas import DataFrame, Series

TICKER = ("ticker", "tic", "symbol")
ADJUSTED = ("adj close", "adj_close", "adjclose", "adjusted close", "adjusted_close")
LAYOUTS = "expected date and one column of closes for each ticker, or date, ticker, close[, open, high, low, volume]"
DAY = r"\d{4}-\d{2}-\d{2}([T ]00:00.*)?"


def prices_from_table(
    table: DataFrame,
    source: str,
    tickers: Sequence[str] | None = None,
    period: Period | None = None,
    features: Sequence[str] = (),
    listings: bool = False,
) -> Prices:
    """Prices from a wide or a long table; nothing is sorted, filled in or dropped.

    The tickers and the period are selected first, so that damage elsewhere in the table does no harm.

    Args:
        table: in one of the layouts that `read_prices` describes; an index with a name, or of dates, counts as columns.
        source: where the table comes from, for messages and `Prices.source`.
        tickers: those to keep, in this order; all for None.
        period: the days to keep; all for None.
        features: further columns of numbers to keep, of a long table.
        listings: whether assets may be listed later than others, or end sooner. What lies outside is filled with their
            first and last prices, and `Prices.listed` says so; a day missing in between is refused as ever.

    Raises:
        InputError: the columns are not understood, dates are out of order or come twice, a ticker lacks a day, or a
            cell is no number; says which ticker and which day.
    """
    period = period or Period()
    rows = _long(_with_index(table, source), source, features)
    if tickers is not None:
        rows = rows[rows["ticker"].isin(_known(tickers, list(rows["ticker"].unique()), source))]
    if not len(rows):
        raise InputError(f"{source}: no rows of prices; {LAYOUTS}")
    _check_order(rows, source)
    first, last = (day.to_numpy().astype("datetime64[D]") for day in (rows["date"].min(), rows["date"].max()))
    period.check_covered(first, last, source)
    start, end = (bound.astype("datetime64[s]") for bound in period.bounds)
    rows = rows[(rows["date"] >= start) & (rows["date"] < end)]
    if not len(rows):
        raise InputError(f"{source}: no prices from {period.start} to {period.end}; it has days from {first} to {last}")
    if listings:
        rows = rows[~_blank(rows["close"])]
        if not len(rows):
            raise InputError(f"{source}: no rows of prices; {LAYOUTS}")
    _check_complete(rows, source, listings)
    names = list(rows["ticker"].unique()) if tickers is None else list(tickers)
    keyed = rows.set_index(["date", "ticker"])
    fields = {
        name: _numbers(keyed[name], name, source).unstack("ticker")[names] for name in FIELDS if name in keyed.columns
    }
    own = {
        name: _numbers(keyed[name], name, source).unstack("ticker")[names] for name in features if name not in FIELDS
    }
    dates = fields["close"].index.to_numpy().astype("datetime64[D]")
    listed = fields["close"].notna().to_numpy()
    filled = {name: each.ffill().bfill().to_numpy() for name, each in fields.items()}
    extras = {name: each.ffill().bfill().to_numpy() for name, each in own.items()}
    return Prices(dates, tuple(names), **filled, source=source, listed=listed, features=extras)


def _with_index(table: DataFrame, source: str) -> DataFrame:
    """The table with its index as columns, unless that only counts rows."""
    pd = extra("pandas")
    if table.columns.nlevels > 1:
        raise InputError(f"{source}: columns have {table.columns.nlevels} levels; {LAYOUTS}")
    if isinstance(table.index, pd.DatetimeIndex) or any(name is not None for name in table.index.names):
        names = ["date" if name is None else str(name) for name in table.index.names]
        table = table.reset_index(names=names, allow_duplicates=True)
    columns = [str(name).strip() for name in table.columns]
    twice = [name for name in columns if columns.count(name) > 1 and name]
    if twice:
        raise InputError(f"{source}: column {twice[0]!r} comes twice; keep one of them")
    return table.set_axis(columns, axis=1).reset_index(drop=True)


def _long(table: DataFrame, source: str, features: Sequence[str]) -> DataFrame:
    """Rows with ``date``, ``ticker``, ``close``, those of `FIELDS` that are there, and features; cells as they were."""
    columns = list(table.columns)
    if not any(name.lower() == "date" for name in columns) and columns and not columns[0]:
        columns[0] = "date"  # an index written without its name
        table = table.set_axis(columns, axis=1)
    date, ticker = _column(columns, ("date",), source), _column(columns, TICKER, source)
    if date is None:
        raise InputError(f"{source}: there is no column date among {_listed(columns)}; {LAYOUTS}")
    table = table.assign(**{date: _days(table[date], source)})
    lower = {name.lower() for name in columns}
    if ticker is None:
        if features:
            raise InputError(
                f"{source} has one column for each ticker and no room for {', '.join(features)}; features= needs rows "
                "of date, ticker, close and a column for each feature"
            )
        if "close" in lower and lower & {"open", "high", "low", "volume"}:
            raise InputError(f"{source}: columns {_listed(columns)} are those of one asset; add a column ticker")
        if "" in lower:
            raise InputError(f"{source}: a column has no name; name it after its ticker, or leave it out (index=False)")
        long = table.melt(id_vars=[date], var_name="ticker", value_name=_CLOSE)
        return long.rename(columns={date: "date", _CLOSE: "close"})
    found = {name: _column(columns, (name,), source) for name in FIELDS}
    adjusted = _column(columns, ADJUSTED, source)
    if adjusted is not None:
        raise InputError(f"{source}: has a column {adjusted!r}; keep only adjusted prices, and name that column close")
    if found["close"] is None:
        raise InputError(f"{source}: there is no column close among {_listed(columns)}; {LAYOUTS}")
    found |= _features(columns, features, source)
    blank = _blank(table[ticker])
    if blank.any():
        raise InputError(
            f"{source}: row {int(blank.to_numpy().argmax()) + 1} names no ticker; name it, or leave the row out"
        )
    given = {column: name for name, column in found.items() if column is not None}
    long = table[[date, ticker, *given]].rename(columns={date: "date", ticker: "ticker", **given})
    return long.assign(ticker=long["ticker"].astype(str))


def _features(columns: list[str], names: Sequence[str], source: str) -> dict[str, str | None]:
    """The column of each feature."""
    found = {name: _column(columns, (name.lower(),), source) for name in names}
    for name, column in found.items():
        if column is None:
            near = did_you_mean(name, columns)
            raise InputError(f"{source}: there is no column {name} among {_listed(columns)}{near}; see features=")
    return found


_CLOSE = "\0close"  # no ticker has this name


def _column(columns: list[str], names: Sequence[str], source: str) -> str | None:
    found = [column for column in columns if column.lower() in names]
    if len(found) > 1:
        raise InputError(f"{source}: columns {_listed(found)} mean the same; keep one of them")
    return found[0] if found else None


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")


def _known(tickers: Sequence[str], known: list[str], source: str) -> list[str]:
    for ticker in tickers:
        if ticker not in known:
            hint = did_you_mean(ticker.upper(), known)
            raise InputError(f"{source}: there is no ticker {ticker!r}{hint}; choose from {', '.join(known)}")
    return list(tickers)


def _days(column: Series, source: str) -> Series:
    """Days without a time; only ISO 8601, since 01/02/2020 is two different days."""
    pd = extra("pandas")
    text = column.astype(str).str.strip()
    different = pd.Series(text.unique(), dtype=str)
    iso = different.str[:10].where(different.str.fullmatch(DAY))
    days = pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce")
    parsed = text.map(dict(zip(different, days, strict=True)))
    bad = parsed.isna().to_numpy()
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"{source}: row {row + 1} has the date {text.iloc[row]!r} (and {int(bad.sum()) - 1} more such rows), "
            "expected a day without a time, such as 2020-01-31"
        )
    return parsed


def _check_order(rows: DataFrame, source: str) -> None:
    twice = rows.duplicated(["ticker", "date"])
    if twice.any():
        row = rows[twice].iloc[0]
        raise InputError(
            f"{source}: {row['ticker']} has two rows on {row['date']:%Y-%m-%d} (and {int(twice.sum()) - 1} more such "
            "rows); keep one row for each ticker and day"
        )
    by_ticker = rows.groupby("ticker", sort=False)["date"]
    previous = by_ticker.shift()
    back = previous > rows["date"]
    if back.any():
        row, before = rows[back].iloc[0], previous[back].iloc[0]
        raise InputError(
            f"{source}: rows of {row['ticker']} are out of order: {before:%Y-%m-%d} is followed by "
            f"{row['date']:%Y-%m-%d} (and {int(back.sum()) - 1} more such rows); sort the table by date"
        )


def _blank(cells: Series) -> Series:
    return cells.isna() | (cells.astype(str).str.strip() == "")


def _check_complete(rows: DataFrame, source: str, listings: bool) -> None:
    days = rows["date"].drop_duplicates().sort_values()
    for ticker, own in rows.groupby("ticker", sort=False)["date"]:
        expected = days[(days >= own.iloc[0]) & (days <= own.iloc[-1])] if listings else days
        missing = expected[~expected.isin(own)]
        if len(missing):
            raise InputError(
                f"{source}: {ticker} has no row on {missing.iloc[0]:%Y-%m-%d} and {len(missing) - 1} more days that "
                f"others have (its own run from {own.iloc[0]:%Y-%m-%d} to {own.iloc[-1]:%Y-%m-%d}); add them, leave "
                "out the ticker with tickers=[…], choose other days with start= and end=, or say listings=true where "
                "it was listed later or ended sooner"
            )


def _numbers(column: Series, name: str, source: str) -> Series:
    pd = extra("pandas")
    numbers = pd.to_numeric(column, errors="coerce")
    bad = numbers.isna().to_numpy()
    if bad.any():
        (day, ticker), cell = column.index[bad][0], column[bad].iloc[0]
        got = "missing" if pd.isna(cell) or not str(cell).strip() else repr(str(cell))
        raise InputError(
            f"{source}: {name} of {ticker} on {day:%Y-%m-%d} is {got} (and {int(bad.sum()) - 1} more cells are no "
            "numbers), expected a number; repair the data, or leave out the ticker or the day"
        )
    return numbers.astype(float)
