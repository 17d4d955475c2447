"""`nearsym trade` from end to end: what the saved policy decides, on the latest prices."""

import csv
from pathlib import Path

import numpy as np
import pytest

from nearsym.agents.runs.evaluation import load_learner, policy_of
from nearsym.envs.trading import Portfolio
from nearsym.envs.trading.sources import load_prices
from nearsym.scripts.main import run

MARKET = ["env=trading/portfolio", "env.kwargs.window=8", "env.kwargs.validation_years=1", "env.kwargs.test_years=1"]
SMALL = ["network=plain", "network.width=8", "agent.learning_starts=10", "agent.batch_size=4", "compile=false"]
LENGTH = ["total_steps=20", "eval_every=20", "env.kwargs.episode_days=10"]


@pytest.fixture
def trader(tmp_path, monkeypatch):
    """A run on a made-up market, in the current folder, whose plain network tells assets apart."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    days = np.datetime64("2001-01-01") + np.arange(800)
    close = 50 * np.exp(np.cumsum(0.01 * generator.standard_normal((800, 3)), axis=0))
    for name, rows in (("past.csv", 780), ("latest.csv", 800)):
        with (tmp_path / name).open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("date", "A", "B", "C"))
            writer.writerows((day, *row) for day, row in zip(days[:rows], close[:rows].round(4), strict=True))
    assert run(["train", *MARKET, *SMALL, *LENGTH, "env.kwargs.prices=past.csv", "run_dir=runs/t"]) == 0
    return "runs/t"


def test_it_is_what_the_policy_decides(trader, capsys):
    assert run(["trade", trader, "prices=latest.csv", "held=[B:0.5]", "value=2000", "out=today.csv"]) == 0
    printed = capsys.readouterr().out
    assert "decided on closes up to 2003-03-11" in " ".join(printed.split())
    with Path("today.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["ticker"] for row in rows] == ["A", "B", "C"] and {row["date"] for row in rows} == {"2003-03-11"}
    assert [float(row["before"]) for row in rows] == [0, pytest.approx(0.5), 0]

    # by hand: the observation of that day, in the unit of the training period, and the policy's action
    prices = load_prices("latest.csv")
    market = Portfolio(prices=load_prices("past.csv"), window=8, validation_years=1, test_years=1)
    logs = np.diff(np.log(prices.close[-9:]), axis=0).T / market.scale
    observation = np.concatenate([logs.ravel(), [0, 0.5, 0]]).astype(np.float32)
    action = policy_of(load_learner(Path(trader))[1])(observation)
    weights = market.allocation.weights(np.asarray(action, dtype=np.float64))
    np.testing.assert_allclose([float(row["after"]) for row in rows], weights, rtol=1e-5)
    assert np.ptp(weights) > 1e-4
    for row, before, after, close in zip(rows, [0, 0.5, 0], weights, prices.close[-1], strict=True):
        left = 2000 - sum(float(each["cost"]) for each in rows)
        assert float(row["shares"]) * close == pytest.approx(after * left - before * 2000, abs=1e-6)


def test_without_prices_it_takes_those_of_the_run(trader, capsys):
    assert run(["trade", trader]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "decided on closes up to 2003-02-19" in printed and "cash 100.00% -> " in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["held=[X:0.5]"], "held names X, and the assets are A, B, C"),
        (["held=[A]"], "held has 'A', expected a ticker and a fraction such as AAPL:0.1"),
        (["held={A:1}"], "expected a ticker and a fraction such as AAPL:0.1"),
        (["held=[A:0.9,B:0.9]"], "held sums to 1.8, expected fractions of at most 1 together"),
        (["prices=missing.csv"], "there is no file missing.csv"),
        (["value=0"], "value is 0, expected what the account is worth, a positive number"),
        (["out=past.csv/x.csv"], "out=past.csv/x.csv cannot be written"),
    ],
)
def test_bad_input_is_one_line(trader, capsys, words, message):
    capsys.readouterr()
    assert run(["trade", trader, *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_run_that_does_not_trade_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["train", "env=Pendulum-v1", *SMALL, *LENGTH[:2], "eval_episodes=1", "run_dir=runs/p"]) == 0
    assert run(["trade", "runs/p"]) == 2
    assert "runs/p does not trade: its environment is no market" in capsys.readouterr().err
    assert run(["trade"]) == 2
    assert "which run? give its folder first" in capsys.readouterr().err
