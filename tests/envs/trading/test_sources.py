"""Sources by name, and what they need."""

import subprocess
import sys

import numpy as np
import pytest
from skfolio.datasets import load_sp500_dataset, load_sp500_index

from nearsym.envs.errors import InputError
from nearsym.envs.trading import load_prices
from nearsym.envs.trading.extra import extra


def test_sp500_is_skfolios_table_and_index():
    prices, table = load_prices("sp500"), load_sp500_dataset()
    assert prices.close.shape == (8313, 20) and prices.tickers == tuple(table.columns)
    np.testing.assert_array_equal(prices.close, table.to_numpy())
    np.testing.assert_array_equal(prices.dates, table.index.to_numpy().astype("datetime64[D]"))
    np.testing.assert_array_equal(prices.index, load_sp500_index()["SP500"])
    assert prices.source.startswith("sp500 (20 stocks, chosen in hindsight, from skfolio ")


def test_tickers_and_days_are_selected():
    part, table = load_prices("sp500", ["XOM", "AAPL"], "2000-01-01", "2001-01-01"), load_sp500_dataset()
    np.testing.assert_array_equal(part.close, table.loc["2000", ["XOM", "AAPL"]].to_numpy())
    np.testing.assert_array_equal(part.index, load_sp500_index()["SP500"].loc["2000"])
    after = load_prices("sp500", ["XOM"], str(part.dates[-1]), "2001-01-10")
    before = load_prices("sp500", ["XOM"], "2000-01-01", str(part.dates[-1]))
    assert after.dates[0] == part.dates[-1] and before.dates[-1] == part.dates[-2]  # the end is not included


def test_a_path_is_read(tmp_path):
    (tmp_path / "my.csv").write_text("date,A\n2020-01-02,1\n2020-01-03,2\n")
    assert load_prices(str(tmp_path / "my.csv")).close.tolist() == [[1], [2]]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("sp50",),
            "unknown source 'sp50' (did you mean 'sp500'?); choose sp500, factors, indices, nyse_o",
        ),
        (("stocks",), "unknown source 'stocks'; choose"),
        (("none.csv",), "there is no file none.csv"),
        (("folder/none",), "there is no file folder/none"),
        (("sp500", ["AAPL", "MSTF"]), "there is no ticker 'MSTF' (did you mean 'MSFT'?)"),
        (("sp500", []), "tickers is empty; name some"),
        (("sp500", ["AAPL", "AAPL"]), "a ticker is given twice in AAPL, AAPL"),
        (("sp500", None, "1980-01-01"), "prices run from 1990-01-02 to 2022-12-28 and do not fill start=1980-01-01"),
        (("sp500", None, "yesterday"), "start is 'yesterday', expected a day"),
        (("yfinance",), "source yfinance needs tickers, start and end, such as tickers=[AAPL,MSFT]"),
        (("yfinance", ["A"], "2020-01-01"), "source yfinance needs tickers, start and end"),
        (("yfinance", ["A", "a"], "2020-01-01", "2020-02-01"), "tickers has A twice; name each once"),
    ],
)
def test_what_a_source_cannot_give(args, message):
    with pytest.raises(InputError) as error:
        load_prices(*args)
    assert message in str(error.value)


def test_only_downloads_are_refreshed():
    with pytest.raises(InputError, match="refresh=true downloads prices again, and source sp500 is not downloaded"):
        load_prices("sp500", refresh=True)


def test_a_missing_package_says_how_to_install_it(monkeypatch):
    assert extra("pandas").__name__ == "pandas"
    monkeypatch.setitem(sys.modules, "skfolio.datasets", None)
    with pytest.raises(InputError, match=r"skfolio\.datasets cannot be imported .*pip install 'nearsym\[trading\]'"):
        load_prices("sp500")


def loaded_after(statement):
    """Which heavy packages a fresh interpreter has loaded after a statement."""
    names = ("pandas", "skfolio", "yfinance", "pyarrow", "torch")
    code = f"import sys\n{statement}\nprint(*(name for name in {names} if name in sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_loads_no_optional_package():
    assert loaded_after("import nearsym.envs, nearsym.envs.trading.sources, nearsym.envs.trading.findings") == set()
    assert "pandas" in loaded_after("from nearsym.envs.trading.extra import extra; extra('pandas')")
