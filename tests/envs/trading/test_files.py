"""Files are read as they are: what is read is what was written, and every damage is named."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nearsym.envs.errors import InputError
from nearsym.envs.trading.files import read_prices
from nearsym.envs.trading.period import Period
from nearsym.envs.trading.tables import prices_from_table

WIDE = "date,A,B\n2020-01-02,1,10\n2020-01-03,2,20.5\n2020-01-06,3,30\n"
LONG = """Date,TIC,Close,Volume,day
2020-01-02,B,10,7,3
2020-01-02,A,1,0,3
2020-01-03,B,20.5,7,4
2020-01-03,A,2,0,4
2020-01-06,B,30,7,0
2020-01-06,A,3,0,0
"""
CLOSE = np.array([[1, 10], [2, 20.5], [3, 30]])


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def read(text, *args, name="my.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_prices(name, *args)

    return read


def test_wide_and_long_say_the_same(read):
    wide, long = read(WIDE), read(LONG)
    assert wide.tickers == ("A", "B") and long.tickers == ("B", "A")  # in the order of the file
    np.testing.assert_array_equal(wide.close, CLOSE)
    np.testing.assert_array_equal(long.close[:, ::-1], CLOSE)
    np.testing.assert_array_equal(long.volume, [[7, 0]] * 3)
    assert list(map(str, wide.dates)) == list(map(str, long.dates)) == ["2020-01-02", "2020-01-03", "2020-01-06"]
    assert wide.volume is None and long.open is None and wide.source == "my.csv"


def test_long_files_may_go_ticker_by_ticker(read):
    head, *rows = LONG.splitlines()
    grouped = read("\n".join([head, *rows[::2], *rows[1::2]]))
    np.testing.assert_array_equal(grouped.close[:, ::-1], CLOSE)


def test_tickers_and_days_are_selected_before_cells_are_judged(read):
    text = WIDE.replace("20.5", "n/a").replace("2020-01-06,3", "2020-01-06,")
    with pytest.raises(InputError, match="close of A on 2020-01-06 is missing"):
        read(text)
    with pytest.raises(InputError, match="close of B on 2020-01-03 is 'n/a'"):
        read(text, None, Period(end="2020-01-06"))
    kept = read(text, ["B", "A"], Period(end="2020-01-03"))
    assert kept.tickers == ("B", "A") and kept.close.tolist() == [[10, 1]]


@pytest.mark.parametrize("index", [True, False])
def test_parquet_with_dates_in_the_index_or_not(index, tmp_path):
    days = pd.DatetimeIndex(["2020-01-02", "2020-01-03", "2020-01-06"])
    table = pd.DataFrame(CLOSE, index=days, columns=["A", "B"])
    table = table if index else table.rename_axis("Date").reset_index()
    table.to_parquet(tmp_path / "my.parquet")
    np.testing.assert_array_equal(read_prices(tmp_path / "my.parquet").close, CLOSE)


def test_an_index_written_to_csv_without_a_name(read):
    np.testing.assert_array_equal(read(WIDE.replace("date,", ",")).close, CLOSE)


def test_midnight_in_any_time_zone_is_a_day(read):
    text = WIDE.replace("2020-01-03", "2020-01-03 00:00:00-05:00").replace("2020-01-06", "2020-01-06T00:00:00Z")
    assert list(map(str, read(text).dates)) == ["2020-01-02", "2020-01-03", "2020-01-06"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "2020-01-06",
            "2020-01-01",
            "rows of A are out of order: 2020-01-03 is followed by 2020-01-01 (and 1 more",
        ),
        (
            "2020-01-06",
            "2020-01-03",
            "A has two rows on 2020-01-03 (and 1 more such rows); keep one row for each ticker",
        ),
        ("2020-01-06", "06/01/2020", "row 3 has the date '06/01/2020' (and 0 more such rows), expected a day without"),
        ("2020-01-06", "2020-01-06 15:30", "row 3 has the date '2020-01-06 15:30'"),
        ("2020-01-06", "2020-02-30", "row 3 has the date '2020-02-30'"),
        ("2020-01-06", "", "row 3 has the date ''"),
        (
            "20.5",
            "",
            "close of B on 2020-01-03 is missing (and 0 more cells are no numbers), expected a number",
        ),
        ("20.5", "NaN", "close of B on 2020-01-03 is 'NaN'"),
        ("20.5", "20·5", "close of B on 2020-01-03 is '20·5'"),
        ("20.5", "inf", "close of B on 2020-01-03 is inf"),
        ("20.5", "-1", "close of B on 2020-01-03 is -1 (and 0 more), expected a positive number"),
        (",30", "", "close of B on 2020-01-06 is missing"),
        (",30", ",30,4", "my.csv cannot be read"),
        ("A,B", "A,A", "column 'A' comes twice; keep one of them"),
        ("A,B", "A,", "a column has no name; name it after its ticker, or leave it out (index=False)"),
        ("A,B", "open,close", "columns date, open, close are those of one asset; add a column ticker"),
        ("date", "when", "there is no column date among when, A, B; expected date and one column of closes"),
        ("date,A", "date,Date", "columns date, Date mean the same; keep one of them"),
        (WIDE, "date,A\n", "no rows of prices"),
        (WIDE, "", "my.csv cannot be read (No columns to parse from file)"),
    ],
)
def test_damage_to_a_wide_file_is_named(old, new, message, read):
    assert read(WIDE) is not None and old in WIDE
    with pytest.raises(InputError) as error:
        read(WIDE.replace(old, new))
    assert str(error.value).startswith("my.csv") and message in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2020-01-03,A,2,0,4\n", "", "A has no row on 2020-01-03 and 0 more days that others have (its own run from "),
        ("2020-01-03,A", "2020-01-03,B", "B has two rows on 2020-01-03 (and 0 more such rows)"),
        ("2020-01-03,A", "2020-01-01,A", "rows of A are out of order: 2020-01-02 is followed by 2020-01-01"),
        ("2020-01-03,A", "2020-01-03,", "row 4 names no ticker; name it, or leave the row out"),
        ("20.5,7", "20.5,?", "volume of B on 2020-01-03 is '?'"),
        ("20.5,7", "20.5,-7", "volume of B on 2020-01-03 is -7"),
        ("Close", "price", "there is no column close among Date, TIC, price, Volume, day; expected"),
        ("day", "Adj Close", "has a column 'Adj Close'; keep only adjusted prices, and name that column close"),
        ("day", "symbol", "columns TIC, symbol mean the same; keep one of them"),
        ("day", "CLOSE", "columns Close, CLOSE mean the same"),
    ],
)
def test_damage_to_a_long_file_is_named(old, new, message, read):
    assert old in LONG
    with pytest.raises(InputError, match=re.escape(f"my.csv: {message}")):
        read(LONG.replace(old, new))


def test_what_cannot_be_selected_is_named(read):
    with pytest.raises(InputError, match=r"my.csv: there is no ticker 'a' \(did you mean 'A'\?\); choose from A, B"):
        read(WIDE, ["a"])
    with pytest.raises(InputError, match="prices run from 2020-01-02 to 2020-01-06 and do not fill start=2019-12-01; "):
        read(WIDE, None, Period("2019-12-01"))
    with pytest.raises(InputError, match="do not fill end=2020-02-01"):
        read(WIDE, None, Period(end="2020-02-01"))
    with pytest.raises(InputError, match="no prices from 2020-01-04 to 2020-01-05; it has days from 2020-01-02 to"):
        read(WIDE, None, Period("2020-01-04", "2020-01-05"))
    assert len(read(WIDE, None, Period("2019-12-31", "2020-01-12")).dates) == 3  # a few days' closure are no gap


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("my.xlsx", b"", "my.xlsx is neither .csv, .csv.gz nor .parquet; save the prices as one of them"),
        ("my.parquet", b"date,A\n", "my.parquet cannot be read"),
        ("my.csv", b"date,A\n2020-01-02,\xff\n", "my.csv cannot be read"),
        ("my.csv.gz", b"date,A\n", "my.csv.gz cannot be read"),
    ],
)
def test_files_that_cannot_be_read(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)):
        read_prices(tmp_path / name)
    with pytest.raises(InputError, match=r"there is no file .*none\.csv; give the path"):
        read_prices(tmp_path / "none.csv")


def test_columns_of_several_levels_are_refused():
    columns = pd.MultiIndex.from_product([["Close"], ["A", "B"]])
    with pytest.raises(InputError, match="t: columns have 2 levels"):
        prices_from_table(pd.DataFrame(CLOSE, columns=columns), "t")


@given(st.permutations(range(6)))
def test_any_order_of_rows_is_read_right_or_refused(order):
    """Rows are never sorted: accepted exactly when each ticker's own dates increase."""
    rows = [(f"2020-01-0{day}", ticker, day + 10 * (ticker == "B")) for day in (1, 2, 3) for ticker in "AB"]
    table = pd.DataFrame([rows[place] for place in order], columns=["date", "ticker", "close"])
    increasing = all(table[table["ticker"] == ticker]["date"].is_monotonic_increasing for ticker in "AB")
    if increasing:
        prices = prices_from_table(table, "t", ["A", "B"])
        np.testing.assert_array_equal(prices.close, [[1, 11], [2, 12], [3, 13]])
    else:
        with pytest.raises(InputError, match="out of order"):
            prices_from_table(table, "t", ["A", "B"])


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2010", None, "start is '2010', expected a day such as 2010-01-31"),
        ("20100131", None, "start is '20100131'"),
        (None, "2010-02-30", "end is '2010-02-30'"),
        (
            "2010-01-02",
            "2010-01-02",
            "end=2010-01-02 does not come after start=2010-01-02; the end itself",
        ),
    ],
)
def test_bad_periods_are_refused(start, end, message):
    with pytest.raises(InputError) as error:
        Period(start, end)
    assert message in str(error.value)
