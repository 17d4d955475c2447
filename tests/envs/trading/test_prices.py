"""`Prices` are complete, positive and in order, or do not exist."""

from dataclasses import replace

import numpy as np
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading import Prices

DATES = np.array(["2020-01-02", "2020-01-03", "2020-01-06"], dtype="datetime64[D]")
CLOSE = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 20.0]])


def prices(**changes):
    return Prices(**{"dates": DATES, "tickers": ("A", "B"), "close": CLOSE, "source": "test"} | changes)


def changed(day, asset, value):
    array = CLOSE.copy()
    array[day, asset] = value
    return array


def test_good_prices_are_kept_as_they_are():
    kept = prices(volume=np.zeros((3, 2)), index=[5, 6, 7])
    assert kept.tickers == ("A", "B") and (kept.dates == DATES).all() and (kept.close == CLOSE).all()
    assert kept.index.dtype == np.float64 and (kept.volume == 0).all()  # nobody traded: no error
    np.testing.assert_allclose(kept.log_returns, np.log([[2, 2], [2, 1]]))
    assert repr(kept) == "Prices(2 assets, 3 days, 2020-01-02 to 2020-01-06, test)"


def test_they_cannot_be_changed_afterwards():
    given = CLOSE.copy()
    kept = prices(close=given)
    given[0, 0] = 99
    assert kept.close[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        kept.close[0, 0] = 99


def test_rows_cut_every_field():
    part = prices(open=CLOSE, index=[5, 6, 7]).rows(1, 3)
    assert (part.dates == DATES[1:]).all() and (part.open == CLOSE[1:]).all() and (part.index == [6, 7]).all()
    assert part.high is None and part.source == "test"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dates": DATES[:0], "close": CLOSE[:0]}, "test: no prices (0 days of 2 assets)"),
        ({"tickers": ("A", "A")}, "test: a ticker is given twice in A, A"),
        ({"high": CLOSE[:2]}, "test: high has shape (2, 2), expected (3, 2) (days, assets)"),
        ({"index": [1, 2]}, "test: index has shape (2,), expected (3,) (days, assets)"),
        ({"dates": ["2020-01-02", "NaT", "2020-01-06"]}, "test: row 1 has no date"),
        ({"dates": DATES[[0, 2, 1]]}, "2020-01-06 comes followed by 2020-01-03; sort them, one row a day"),
        ({"dates": DATES[[0, 1, 1]]}, "2020-01-03 comes twice; sort them, one row a day"),
        ({"close": changed(1, 1, np.nan)}, "test: close of B on 2020-01-03 is nan (and 0 more), expected a positive"),
        ({"close": changed(2, 0, np.inf)}, "test: close of A on 2020-01-06 is inf"),
        ({"close": changed(0, 0, 0)}, "test: close of A on 2020-01-02 is 0 (and 0 more), expected a positive number"),
        ({"low": -CLOSE}, "test: low of A on 2020-01-02 is -1 (and 5 more)"),
        ({"volume": -CLOSE}, "test: volume of A on 2020-01-02 is -1 (and 5 more), expected a number"),
        ({"index": [1, 0, 1]}, "test: index of the index on 2020-01-03 is 0"),
    ],
)
def test_bad_prices_are_refused(changes, message):
    with pytest.raises(InputError) as error:
        prices(**changes)
    assert message in str(error.value)


def test_a_checksum_is_of_numbers_days_and_tickers():
    days = np.array(["2020-01-01", "2020-01-02"], "datetime64[D]")
    one = Prices(days, ("A", "B"), [[1.0, 2.0], [3.0, 4.0]])
    assert len(one.checksum) == 64
    assert one.checksum == replace(one, source="elsewhere").checksum
    others = [
        replace(one, close=3 * one.close),
        replace(one, close=np.nextafter(one.close, 9)),
        replace(one, tickers=("B", "A")),
        replace(one, dates=days + 1),
        replace(one, volume=one.close),
        replace(one, open=one.close),
        replace(one, index=one.close[:, 0]),
    ]
    assert len({one.checksum, *(other.checksum for other in others)}) == 8
