"""`nearsym data` from end to end."""

import logging
import re

import numpy as np
import pytest

from nearsym.scripts.main import run

WIDE = "date,A,B\n2020-01-02,100,10\n2020-01-03,50,10.1\n2020-01-06,50.5,10\n"


def test_the_bundled_prices(capsys):
    assert run(["data", "sp500", "tickers=[AAPL,XOM]", "start=2000-01-01", "end=2001-01-01"]) == 0
    out, err = capsys.readouterr()
    assert "2 assets, 252 days, 2000-01-03 to 2000-12-29" in out and err == ""
    rows = {line.split()[1]: line for line in out.splitlines() if line.startswith("│")}
    assert set(rows) == {"AAPL", "XOM", "index"}
    assert "-51.8% on 2000-09-29" in rows["AAPL"]
    assert "nothing looks wrong" in out and "source: sp500 (20 stocks, chosen in hindsight, from skfolio" in out


def test_ones_own_file_and_its_findings(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "it's my.csv").write_text(WIDE)
    assert run(["data", "it's my.csv"]) == 0
    out = capsys.readouterr().out
    returns = np.diff(np.log([100, 50, 50.5]))
    assert f"{np.expm1(returns.mean() * 252):+.1%}" in out and f"{returns.std(ddof=1) * 252**0.5:.1%}" in out
    assert "-50.0% on 2020-01-03" in out and "source: it's my.csv" in out
    assert "1 to look at:\n  A 2020-01-03: close falls to 0.5 of the day before: a split 2:1 not adjusted for?" in out


@pytest.mark.parametrize("key", ["tickers", "features"])
def test_a_name_that_is_none_is_refused(capsys, key):
    assert run(["data", "sp500", f"{key}=[[[]]]"]) == 2
    assert f"{key} is [[[]]], expected a list of names" in capsys.readouterr().err


def test_two_days_have_no_statistics(capsys, tmp_path):
    (tmp_path / "my.csv").write_text(WIDE)
    assert run(["data", str(tmp_path / "my.csv"), "end=2020-01-06", "tickers=[B]"]) == 0
    assert "1 assets, 2 days" in capsys.readouterr().out


def test_many_findings_are_counted(capsys, tmp_path):
    days = np.datetime64("2000-01-01") + 20 * np.arange(30)
    (tmp_path / "my.csv").write_text("date,A\n" + "".join(f"{day},{1 + row}\n" for row, day in enumerate(days)))
    assert run(["data", str(tmp_path / "my.csv"), "start=1999-12-02"]) == 2
    capsys.readouterr()
    assert run(["data", str(tmp_path / "my.csv")]) == 0
    out = capsys.readouterr().out
    assert "no prices for 20 days" in out
    (total,) = re.findall(r"(\d+) to look at", out)
    assert f"… and {int(total) - 20} more" in out


def test_a_failed_download_is_one_line(capsys, tmp_path, monkeypatch):
    def offline(tickers, **kwargs):
        logging.getLogger("yfinance").error(f"{tickers}: could not resolve host")

    monkeypatch.setattr("yfinance.download", offline)
    monkeypatch.setenv("NEARSYM_CACHE", str(tmp_path))
    assert run(["data", "yfinance", "tickers=['^GSPC']", "start=2010-01-01", "end=2020-01-01", "refresh=true"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "could not resolve host" in err and "no prices of ^GSPC" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("data", "which prices? name a source first: nearsym data sp500, or yfinance, or my.csv"),
        ("data sp5", "unknown source 'sp5' (did you mean 'sp500'?)"),
        ("data my.csv", "there is no file my.csv"),
        ("data sp500 tickers=AAPL", "tickers is 'AAPL', expected a list such as tickers=[AAPL,MSFT]"),
        ("data sp500 ticker=[AAPL]", "unknown key 'ticker' (did you mean 'tickers'?)"),
        ("data sp500 start=2010", "start is '2010', expected a day such as 2010-01-31"),
        ("data sp500 start=2011-01-01 end=2010-01-01", "end=2010-01-01 does not come after start=2011-01-01"),
        ("data sp500 refresh=true", "source sp500 is not downloaded"),
        ("data yfinance", "source yfinance needs tickers, start and end"),
        ("data sp500 refresh=maybe", "refresh: Value 'maybe'"),
    ],
)
def test_bad_input_is_one_clear_line(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(words.split()) == 2
    out, err = capsys.readouterr()
    assert message in err and out == ""
    assert err.startswith("nearsym: ") and err.count("\n") == 1 and list(tmp_path.iterdir()) == []
