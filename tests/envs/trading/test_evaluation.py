"""What an evaluation says of the accounts that it puts side by side."""

from dataclasses import replace

import numpy as np

from nearsym.envs.trading import Portfolio
from nearsym.envs.trading.evaluation import evaluate


def report_of(prices, action=0.0):
    market = Portfolio(prices=prices, window=20, validation_years=1, test_years=1)
    market.set_split("test")
    held = np.full(market.action_space.shape, action, dtype=np.float32)
    return evaluate(market, market, lambda observation: held, [0.0], "gaussian", 1, 1)


def lines(report):
    return [item for item in report.tables("Test") if isinstance(item, str)]


def test_an_index_says_that_it_has_no_dividends(walks):
    prices = walks(1200)
    with_index = report_of(replace(prices, index=prices.close[:, 0]))
    (line,) = [line for line in lines(with_index) if line.startswith("index: ")]
    assert "without the dividends" in line
    assert not any(line.startswith("index: ") for line in lines(report_of(prices)))
