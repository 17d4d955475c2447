"""Which settings let SAC learn a planted signal: one thing changed at a time, judged by the gate in sample.

    python docs/results/trading_sac.py runs/sac.csv

The market of docs/results/trading_direct.py, dose 0, where direct optimisation learns the signal; relaxed networks.
"""

import csv
import sys
from dataclasses import asdict
from pathlib import Path

import torch

import nearsym
from nearsym.envs import make
from nearsym.envs.trading.evaluation import evaluate
from nearsym.envs.trading.planted import planted_prices
from nearsym.networks import family

STEPS, SEEDS = 3000, (0, 1)
TRIED = {
    "defaults": {},
    "discount 0.9": {"discount": 0.9},
    "discount 0": {"discount": 0.0},
    "temperature 0.01": {"entropy_coefficient": 0.01},
    "discount 0, temperature 0.01": {"discount": 0.0, "entropy_coefficient": 0.01},
    "discount 0, temperature 0.01, learning rate 3e-3": {
        "discount": 0.0,
        "entropy_coefficient": 0.01,
        "learning_rate": 3e-3,
    },
}


def market():
    """The planted market, in whose test period nobody looks here."""
    prices = planted_prices(assets=4, days=1500, strength=0.3)
    kwargs = {"window": 8, "validation_years": 1, "test_years": 1, "commission": 1e-4}
    reward = {"reward": "risk_penalised", "risk_aversion": 0.1}
    return make("trading/portfolio", prices=prices, **kwargs, **reward).unwrapped


def gate(seed, hyperparameters):
    """What the gate says of one agent."""
    env = market()
    network = family("relaxed", width=16, window_channels=2)
    settings = {"batch_size": 64, "learning_starts": 500, **hyperparameters}
    agent, untrained = (nearsym.SAC(market(), network=network, seed=seed, **settings) for _ in range(2))
    agent.learn(STEPS)
    env.set_split("train", whole=True)
    return evaluate(
        env,
        env,
        lambda observation: agent.predict(observation)[0],
        [0.0],
        "gaussian",
        1,
        1,
        lambda observation: untrained.predict(observation)[0],
    ).gate


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("where to? python docs/results/trading_sac.py runs/sac.csv")
    torch.set_num_threads(1)
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("tried", "steps", "seed", "against", "difference", "low", "high", "tracking", "information"))
        for tried, hyperparameters in TRIED.items():
            for seed in SEEDS:
                for against, found in gate(seed, hyperparameters).items():
                    writer.writerow((tried, STEPS, seed, against, *(round(x, 4) for x in asdict(found).values())))
                file.flush()
