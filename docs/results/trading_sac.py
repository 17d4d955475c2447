"""What SAC learns of a planted signal, what keeps it from learning, one thing changed at a time, and PPO beside it.

    python docs/results/trading_sac.py runs/sac.csv             # goes on where it was stopped

The markets of docs/results/trading_direct.py at dose 0, where direct optimisation learns the signal, one for each seed.
Judged by the gate (in sample, against the untrained self and equal weight), and on the test days, which none of the
settings were chosen by.
"""

import csv
import sys
from dataclasses import asdict
from pathlib import Path

import gymnasium
import torch

import nearsym
from nearsym.envs import make
from nearsym.envs.trading.evaluation import EQUAL, UNTRAINED, evaluate
from nearsym.envs.trading.planted import planted_prices
from nearsym.networks import family

SEEDS = (0, 1, 2)
BASE = {"network": "relaxed", "steps": 10_000, "width": 64, "discount": 0.9, "learning_rate": 1e-3}
BASE |= {"first_temperature": 0.05, "late": False}
TRIED = {
    "these settings": {},
    "plain": {"network": "plain"},
    "exact": {"network": "exact"},
    "rpp": {"network": "rpp"},
    "reward a day late": {"late": True},
    "reward a day late, discount 0.99": {"late": True, "discount": 0.99},
    "discount 0": {"discount": 0.0},
    "discount 0.99": {"discount": 0.99},
    "first temperature 1": {"first_temperature": 1.0},
    "learning rate 3e-4": {"learning_rate": 3e-4},
    "width 16": {"width": 16},
    "3,000 steps": {"steps": 3000},
}
# a step of PPO is cheaper, and used for fewer updates
PPO = {"agent": "ppo", "steps": 50_000, "width": 64, "discount": 0.9, "learning_rate": 1e-3, "late": False}
PPO |= {"rollout_steps": 512, "log_std_init": -1.0}
TRIED |= {f"PPO, {network}": {**PPO, "network": network} for network in ("relaxed", "plain", "exact", "rpp")}
COLUMNS = ("tried", "seed", "split", "against", "difference", "low", "high", "tracking", "information")


class Late(gymnasium.Wrapper):
    """Gives every reward a step late, as an account's books would: when it has been earned."""

    def reset(self, **options):
        """Nothing is owed."""
        self.owed = 0.0
        return self.env.reset(**options)

    def step(self, action):
        """With the reward of the step before."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        owed, self.owed = self.owed, float(reward)
        return observation, owed, terminated, truncated, info


def market(seed):
    """A planted market."""
    prices = planted_prices(assets=4, days=1500, strength=0.3, seed=seed)
    kwargs = {"window": 8, "validation_years": 1, "test_years": 1, "commission": 1e-4}
    reward = {"reward": "risk_penalised", "risk_aversion": 0.1}
    return make("trading/portfolio", prices=prices, **kwargs, **reward).unwrapped


def judged(seed, network, steps, width, late, agent="sac", **settings):
    """Split, opponent and paired difference of one agent."""
    keys = {"relaxation_penalty": 3e-4} if network == "relaxed" else {}  # the default of that time
    chosen = family(network, width=width, window_channels=2, **keys)
    settings = {"batch_size": 64, "network": chosen, "seed": seed, **settings}
    env = Late(market(seed)) if late else market(seed)
    if agent == "ppo":
        agent, untrained = nearsym.PPO(env, **settings), nearsym.PPO(market(seed), **settings)
    else:
        settings = {"learning_starts": 500, **settings}
        agent, untrained = nearsym.SAC(env, compile=True, **settings), nearsym.SAC(market(seed), **settings)
    agent.learn(steps)
    judge = market(seed)
    judge.set_split("test")
    policies = [lambda observation, own=own: own.predict(observation)[0] for own in (agent, untrained)]
    report = evaluate(judge, judge, policies[0], [0.0], "gaussian", 1, 1, policies[1])
    for split, found in (("train", report.gate), ("test", report.paired)):
        for against in (UNTRAINED, EQUAL):
            yield split, against, *(round(x, 4) for x in asdict(found[against]).values())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("where to? python docs/results/trading_sac.py runs/sac.csv")
    torch.set_num_threads(1)
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(",".join(COLUMNS) + "\n")
    with path.open(newline="") as file:
        done = {(row["tried"], int(row["seed"])) for row in csv.DictReader(file)}
    for seed in SEEDS:
        for tried, changed in TRIED.items():
            if (tried, seed) in done:
                continue
            given = changed if "agent" in changed else {**BASE, **changed}
            rows = [(tried, seed, *found) for found in judged(seed, **given)]
            with path.open("a", newline="") as file:  # all rows of a run at once
                csv.writer(file, lineterminator="\n").writerows(rows)
            print(tried, seed, *rows[0][2:7], flush=True)
