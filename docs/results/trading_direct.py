"""What five networks learn of a market by direct optimisation, in sample and out of sample: worlds × networks × seeds.

    python docs/results/trading_direct.py small runs/direct     # planted signals: minutes on two cores

Real prices are those of trading_walk_forward.py.

Runs that are there are kept: the same command goes on where it was stopped. Writes, where it is told, config.json, the
daily rewards of every account (rewards/*.npz) and table.csv: paired differences of reward a year, pooled over folds and
seeds, with the gate. Reward is utility after costs, p - λ/2 p² of daily log-returns in percent, λ = 0.1.
"""

import csv
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch

from nearsym.agents.direct import DirectPortfolio, DirectSettings
from nearsym.envs import make
from nearsym.envs.trading import backtest, load_prices
from nearsym.envs.trading.evaluation import trade
from nearsym.envs.trading.paired import paired
from nearsym.envs.trading.planted import planted_prices, planted_strategy, shuffled_prices
from nearsym.envs.trading.strategies import FITTED, REFERENCES, Periodic, equal, reversal
from nearsym.networks import family, parameter_count

NETWORKS = ("plain", "augmented", "exact", "relaxed", "rpp")
KEYS = {"relaxed": {"relaxation_penalty": 3e-4}}  # the default of that time
SPLITS = ("train", "test")


@dataclass(frozen=True)
class Size:
    """How much of the experiment."""

    doses: tuple[float, ...] = (0.0, 0.5, 1.0)
    markets: int = 3  # drawn anew, of each planted dose
    folds: int = 0
    seeds: int = 3
    width: int = 16
    channels: int = 2
    matched: tuple[str, ...] = ("widths", "parameters")
    direct: DirectSettings = field(default_factory=lambda: DirectSettings(steps=120, learning_rate=3e-3))


SIZES = {"small": Size(matched=("widths",))}
STRENGTH = 0.3


@dataclass(frozen=True)
class World:
    """A market, and one of its folds; of a planted one, the seed it is drawn with."""

    name: str
    dose: float
    fold: int

    def env(self):
        """Its environment."""
        shared = {"reward": "risk_penalised", "risk_aversion": 0.1}
        if self.name == "planted":
            prices = planted_prices(assets=4, days=1500, strength=STRENGTH, dose=self.dose, seed=self.fold)
            small = {"window": 8, "validation_years": 1, "test_years": 1, "commission": 1e-4}
            return make("trading/portfolio", prices=prices, **small, **shared).unwrapped
        prices = shuffled_prices(load_prices("sp500", start="1995-01-01"), self.dose)
        return make("trading/portfolio", prices=prices, window=16, fold=self.fold, **shared).unwrapped

    def references(self, split):
        """Strategies beside the networks."""
        found = {**REFERENCES, "equal weight daily": lambda: Periodic(equal, 1)}
        found["reversal tilt weekly"] = lambda: Periodic(reversal, 5)
        if self.name == "planted":
            found = {name: make for name, make in found.items() if name not in FITTED}
            found["planted"] = lambda: planted_strategy(STRENGTH, self.dose)
        elif split == "train":  # which begins less than a year after the first price
            found = {name: make for name, make in found.items() if name not in FITTED}
        return found


def worlds(size):
    """All of them."""
    found = [World("planted", dose, seed) for dose in size.doses for seed in range(size.markets)]
    return found + [World("sp500", dose, fold) for dose in size.doses for fold in range(size.folds)]


def sized(name, size, width):
    """A family at a width."""
    return family(name, width=width, window_channels=size.channels, **KEYS.get(name, {}))


def families(env, size, matched):
    """Networks of equal widths, or with as many parameters as the plain one has at that width, as nearly as can be."""
    found = {name: sized(name, size, size.width) for name in NETWORKS}
    if matched == "parameters":
        target = count(env, found["plain"])
        found = {name: nearest(env, name, size, target) for name in NETWORKS}
    return found


def nearest(env, name, size, target):
    """The width at which a family has most nearly so many parameters."""
    widths = [size.width * k for k in range(1, 65)]
    low, high = 0, len(widths) - 1
    while low < high:  # the first with at least so many
        middle = (low + high) // 2
        enough = count(env, sized(name, size, widths[middle])) >= target
        low, high = (low, middle) if enough else (middle + 1, high)
    near = [sized(name, size, width) for width in widths[max(low - 1, 0) : low + 1]]
    return min(near, key=lambda network: abs(np.log(count(env, network) / target)))


def count(env, network):
    """Parameters of a policy."""
    return parameter_count(DirectPortfolio(env, network).actor)


def rewards(env, curve):
    """(2, days): rewards, and returns."""
    return np.array([env.rewards_of(curve.returns), curve.returns])


def traded(env, policy):
    """Of a policy, in each split."""
    found = {}
    for split in SPLITS:
        env.set_split(split, whole=True)
        found[split] = rewards(env, trade(policy, env, env))
    return found


def run(world, matched, network, seed, size, path):
    """Train one network, and trade it before and after."""
    env = world.env()
    agent = DirectPortfolio(env, families(env, size, matched)[network], size.direct, seed)
    before = traded(env, agent.policy)
    learning = agent.learn()
    after = traded(env, agent.policy)
    found = {
        f"{split}_{when}": each[split] for when, each in (("before", before), ("after", after)) for split in SPLITS
    }
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, learning=learning, parameters=parameter_count(agent.actor), **found)
    part.replace(path)


def key(world, matched, network, seed):
    """Name of the file of a run."""
    return f"{world.name}-{world.dose:g}-{world.fold}-{matched}-{network}-{seed}.npz"


def table(size, folder):
    """One row for each world, size, network, split and what it is held against."""
    names = sorted({(world.name, world.dose) for world in worlds(size)})
    for name, dose in names:
        folds = [world for world in worlds(size) if (world.name, world.dose) == (name, dose)]
        envs = [world.env() for world in folds]
        for split in SPLITS:
            strategies = [
                {
                    strategy: rewards(
                        env, backtest(env.prices, make(), *getattr(env.split, split), env.costs, env.cash)
                    )
                    for strategy, make in world.references(split).items()
                }
                for world, env in zip(folds, envs, strict=True)
            ]
            pooled = {
                strategy: np.concatenate([each[strategy] for each in strategies], axis=1) for strategy in strategies[0]
            }
            for strategy, account in pooled.items():
                if strategy != "equal weight":
                    yield row(name, dose, "", strategy, "", split, account[None], pooled, "equal weight")
            for matched in size.matched:
                trained = {
                    network: gathered(folds, matched, network, size, folder, split, "after") for network in NETWORKS
                }
                for network in NETWORKS:
                    own, parameters = trained[network]
                    others = {
                        **pooled,
                        "untrained": gathered(folds, matched, network, size, folder, split, "before")[0],
                        **{other: trained[other][0] for other in NETWORKS if other != network},
                    }
                    for other in others:
                        yield row(name, dose, matched, network, parameters, split, own, others, other)


def gathered(folds, matched, network, size, folder, split, when):
    """((seeds, 2, days), parameters) over the days of all folds."""
    seeds = []
    for seed in range(size.seeds):
        files = [np.load(folder / "rewards" / key(world, matched, network, seed)) for world in folds]
        seeds.append(np.concatenate([file[f"{split}_{when}"] for file in files], axis=1))
    return np.array(seeds), int(files[0]["parameters"])


def row(name, dose, matched, network, parameters, split, own, others, other):
    """A line of the table."""
    theirs = others[other]
    found = paired(own[:, 0], theirs[..., 0, :], own[:, 1], theirs[..., 1, :])
    numbers = [round(value, 4) for value in asdict(found).values()]
    return [name, dose, matched, network, parameters, len(own), split, other, *numbers]


COLUMNS = ("world", "dose", "matched", "account", "parameters", "seeds", "split", "against")
COLUMNS += ("difference", "low", "high", "tracking_error", "information_ratio")


def main(size_name, folder):
    """Train what is missing, then write the table."""
    size, folder = SIZES[size_name], Path(folder)
    (folder / "rewards").mkdir(parents=True, exist_ok=True)
    config = json.dumps({"size": size_name, "strength": STRENGTH, **asdict(size)}, indent=2) + "\n"
    saved = folder / "config.json"
    if saved.exists() and saved.read_text() != config:
        sys.exit(f"{saved} is of other settings; choose another folder")
    saved.write_text(config)
    for world in worlds(size):
        for matched in size.matched:
            for network in NETWORKS:
                for seed in range(size.seeds):
                    path = folder / "rewards" / key(world, matched, network, seed)
                    if not path.exists():
                        run(world, matched, network, seed, size, path)
                        print(path.name, flush=True)
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(table(size, folder))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SIZES:
        sys.exit("which size, and where to? python docs/results/trading_direct.py small runs/direct")
    torch.set_num_threads(1)
    main(*sys.argv[1:])
