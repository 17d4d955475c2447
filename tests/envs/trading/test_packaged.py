"""Markets that come with other packages: what is in them is what these packages say, and the days are right."""

import importlib.machinery

import numpy as np
import pytest
from arch.data import nasdaq, wti
from skfolio.datasets import load_factors_dataset

from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.trading import load_prices
from nearsym.envs.trading.packaged import PACKAGED
from nearsym.envs.trading.period import Period


def test_factors_are_skfolios_table():
    prices, table = load_prices("factors"), load_factors_dataset()
    np.testing.assert_array_equal(prices.close, table.to_numpy())
    assert prices.tickers == ("MTUM", "QUAL", "SIZE", "USMV", "VLUE") and str(prices.dates[0]) == "2014-01-02"


def test_indices_are_there_on_days_that_all_have():
    prices = load_prices("indices")
    assert prices.tickers == ("NASDAQ", "SP500", "WTI") and len(prices.dates) > 4900
    day = prices.dates[1000].astype("datetime64[s]")
    assert prices.close[1000, 0] == nasdaq.load().loc[day, "Adj Close"]
    assert prices.close[1000, 2] == wti.load().loc[day].iloc[0]


@pytest.mark.parametrize("source", ["factors", "indices"])
def test_an_environment_trades_them(source):
    env = make("trading/portfolio", source=source, window=4, validation_years=1, test_years=1, fold=4)
    env.reset(seed=0)
    assert env.unwrapped.tickers == PACKAGED[source](source, None, Period()).tickers
    env.step(env.action_space.sample())


def test_levels_of_universal_portfolios_get_days(monkeypatch, tmp_path):
    """From where the package is installed, here a made-up one, and laid between the first day and the last."""
    levels = np.exp(0.01 * np.random.default_rng(0).standard_normal((5651, 2)).cumsum(axis=0))
    (tmp_path / "data").mkdir()
    rows = "\n".join(",".join(repr(float(x)) for x in row) for row in levels)
    (tmp_path / "data" / "nyse_o.csv").write_text(f"A,B\n{rows}\n")
    spec = importlib.machinery.ModuleSpec("universal", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr("nearsym.envs.trading.packaged.util.find_spec", lambda name: spec)
    monkeypatch.setattr("nearsym.envs.trading.packaged.metadata.version", lambda name: "0.4")
    prices = load_prices("nyse_o")
    np.testing.assert_allclose(prices.close, levels)
    assert (str(prices.dates[0]), str(prices.dates[-1])) == ("1962-07-03", "1984-12-31")
    with pytest.raises(InputError, match="pip install universal-portfolios"):
        load_prices("nyse_n")


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr("nearsym.envs.trading.packaged.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="source msci comes with universal-portfolios: pip install universal"):
        load_prices("msci")
