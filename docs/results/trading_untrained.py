"""Trades the networks of docs/results/trading.csv as they are before any gradient step; writes where it is told.

    python docs/results/trading_untrained.py runs/untrained.csv

Same environment, networks and seeds as the trained runs; the test period and, in sample, the whole training period.
Beside them equal weight rebalanced daily, which is what an untrained equivariant softmax is, and monthly.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.build import build_env, build_learner, build_world
from nearsym.agents.runs.evaluation import policy_of
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs.capabilities import set_split
from nearsym.envs.trading.backtest import backtest
from nearsym.envs.trading.evaluation import trade
from nearsym.envs.trading.performance import performance
from nearsym.envs.trading.strategies import Periodic, equal
from nearsym.networks import family

NETWORKS = ("plain", "exact", "relaxed", "rpp")
FOLDS, SEEDS = (0, 1), range(5)
COLUMNS = ("strategy", "fold", "seed", "split", "annual_return", "sharpe", "turnover", "correlation")


def untrained(network, fold, seed):
    """Environment and learner of a run, as `nearsym train` makes them."""
    settings = TrainSettings(
        env=EnvSettings("trading/portfolio", {"start": "1995-01-01", "window": 16, "fold": fold}),
        agent=SACSettings(batch_size=64),
        network=family(network, width=160, window_channels=4),
        seed=seed,
    )
    world = build_world(settings, seed)
    learner = build_learner(settings, world)
    world.close()
    return build_env(settings), learner


def rows():
    """One for each strategy, fold, seed and period; correlation of daily returns is with daily equal weight."""
    for fold in FOLDS:
        for split in ("test", "train"):
            market = untrained("exact", fold, 0)[0].unwrapped
            account = market.costs, market.cash
            daily = backtest(market.prices, Periodic(equal, 1), *getattr(market.split, split), *account)
            monthly = backtest(market.prices, Periodic(equal, 21), *getattr(market.split, split), *account)
            for name, curve in (("equal weight daily", daily), ("equal weight", monthly)):
                yield name, fold, "", split, *measured(curve, daily)
            for network in NETWORKS:
                for seed in SEEDS:
                    env, learner = untrained(network, fold, seed)
                    set_split(env, split, True)
                    yield network, fold, seed, split, *measured(trade(policy_of(learner), env, env.unwrapped), daily)


def measured(curve, daily):
    """Numbers of a curve."""
    found = performance(curve)
    correlation = float(np.corrcoef(curve.returns[1:], daily.returns[1:])[0, 1])
    return [round(x, 5) for x in (found.annual_return, found.sharpe, found.turnover, correlation)]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("where to? python docs/results/trading_untrained.py runs/untrained.csv")
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows():
            writer.writerow(row)
            file.flush()
