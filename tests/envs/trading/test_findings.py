"""What is planted is found, on its day and asset, and clean prices have no findings."""

import numpy as np
import pytest

from nearsym.envs.trading import Prices
from nearsym.envs.trading.findings import findings

DAYS = 40


def clean(assets=4, seed=0):
    """Calm prices that never repeat."""
    steps = np.random.default_rng(seed).normal(0, 0.005, (DAYS, assets))
    return 100 * np.exp(np.cumsum(steps, axis=0))


def found(close, dates=None, **fields):
    dates = np.datetime64("2020-01-01") + np.arange(DAYS) if dates is None else dates
    return findings(Prices(dates, tuple("ABCDEF"[: close.shape[1]]), close, **fields))


@pytest.mark.parametrize("assets", [1, 2, 4])
def test_clean_prices_have_no_findings(assets):
    close = clean(assets)
    assert found(close, high=close * 1.01, low=close * 0.99) == []


def test_stale_prices_from_ten_equal_closes_on():
    close = clean()
    close[5:15, 1] = close[5, 1]
    (finding,) = found(close)
    assert (finding.ticker, str(finding.date)) == ("B", "2020-01-06")
    assert finding.text.startswith(f"close stays at {close[5, 1]:g} for 10 days, to 2020-01-15")
    close[14, 1] *= 1.001
    assert found(close) == []  # nine


def test_stale_to_the_very_end():
    close = clean()
    close[:, 0] = 7
    (finding,) = found(close)
    assert "for 40 days, to 2020-02-09" in finding.text


@pytest.mark.parametrize(
    ("ratio", "named"),
    [
        (1 / 2, "a split 2:1"),
        (1 / 3, "a split 3:1"),
        (2 / 3, "a split 3:2"),
        (1 / 20, "a split 20:1"),
        (2, "a split 1:2"),
        (3 / 2, "a split 2:3"),
        (10, "a split 1:10"),
        (1 / 2 * 1.015, "a split 2:1"),
    ],
)
@pytest.mark.parametrize("assets", [1, 4])
def test_unadjusted_splits(ratio, named, assets):
    close = clean(assets)
    close[20:, 0] *= ratio * close[19, 0] / close[20, 0]
    (finding,) = found(close)
    assert (finding.ticker, str(finding.date)) == ("A", "2020-01-21") and f": {named} not adjusted for?" in finding.text


@pytest.mark.parametrize("ratio", [0.8, 0.55, 1 / 2 * 1.03, 2.5, 7])
def test_other_jumps_are_no_splits(ratio):
    close = clean()
    close[20:, 0] *= ratio * close[19, 0] / close[20, 0]
    assert found(close) == []


def test_a_crash_of_all_is_no_split():
    close = clean()
    close[20:] *= 0.5 * close[19] / close[20]
    assert found(close) == []


def test_gaps_of_more_than_ten_days():
    dates = np.datetime64("2020-01-01") + np.arange(DAYS)
    dates[20:] += 9  # ten days from one to the next: a closure
    assert found(clean(), dates) == []
    dates[20:] += 1
    (finding,) = found(clean(), dates)
    assert (finding.ticker, str(finding.date)) == ("all", "2020-01-20")
    assert finding.text == "no prices for 11 days, until 2020-01-31"


@pytest.mark.parametrize("side", ["low", "high"])
def test_closes_outside_the_days_range(side):
    close = clean()
    fields = {"low": close * (1 + 1e-9), "high": close * (1 - 1e-9)}  # rounding is allowed for
    assert found(close, **fields) == []
    fields[side][[7, 9], 2] *= 1.1 if side == "low" else 0.9
    (finding,) = found(close, **{side: fields[side]})
    assert (finding.ticker, str(finding.date)) == ("C", "2020-01-08")
    assert finding.text == f"close {close[7, 2]:g} lies outside the day's low and high, there and on 1 more days"


def test_findings_come_in_order_of_date_and_one_day_has_none():
    close = clean()
    close[25:, 0] *= 0.5 * close[24, 0] / close[25, 0]
    close[5:16, 3] = 3
    assert [finding.ticker for finding in found(close)] == ["D", "A"]
    assert findings(Prices(["2020-01-01"], ("A",), [[1.0]])) == []
