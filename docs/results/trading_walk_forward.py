"""Direct optimisation on real prices: five networks, every fold of a market, ten seeds, and what they are held against.

    python docs/results/trading_walk_forward.py markets runs/walk    # three markets, five folds
    python docs/results/trading_walk_forward.py dose runs/dose       # tickers shuffled by the month; costs that differ
    python docs/results/trading_walk_forward.py sectors runs/sectors # permutations of all stocks, or within sectors
    python docs/results/trading_walk_forward.py draw docs/results/trading_walk_forward.csv runs/walk.svg
    python docs/results/trading_walk_forward.py draw_dose docs/results/trading_dose.csv runs/dose.svg

What is there is kept: the same command goes on where it was stopped. Writes, where it is told, audits.csv (how far each
market is from symmetric), daily rewards (rewards/*.npz), runs.csv (each seed, fold and period: utility a year before
and after learning) and table.csv (paired differences on the same days, pooled over folds and seeds, with 95% intervals
over days and seeds). Utility is p - λ/2 p² of daily log-returns in percent after costs, λ = 0.1. All seeds of a network
learn as one (`nearsym.agents.direct_seeds`).

A period is traded a year at a time, every year from equal weights on, by networks and references alike.

Primary statistic, written down before any of the test periods was opened with these networks: `relaxed` minus `plain`,
and `relaxed` minus `exact`, of equal widths, split `test`, of all days of all folds of the three markets together.
"""

import csv
import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from trading_direct import NETWORKS, Size, families

from nearsym.agents.direct import DirectPortfolio, DirectSettings
from nearsym.agents.direct_seeds import DirectSeeds
from nearsym.envs import make
from nearsym.envs.trading import backtest, load_prices
from nearsym.envs.trading.paired import paired
from nearsym.envs.trading.planted import shuffled_prices
from nearsym.envs.trading.strategies import Periodic, equal, minimum_variance, reversal, risk_parity
from nearsym.networks import parameter_count

YEAR = 252
SPLITS = ("train", "test")
SIZE = Size(width=16, channels=2, direct=DirectSettings(steps=120, learning_rate=3e-3))  # as on planted markets
PERIODS = {
    "sp500": {"validation_years": 2, "test_years": 4},  # from 1995 to 2022
    "factors": {"validation_years": 1, "test_years": 1},  # from 2014 to 2022
    "indices": {"validation_years": 1, "test_years": 2},  # from 1999 to 2018
}
EQUAL = "equal weight daily"
REFERENCES = {
    EQUAL: partial(Periodic, equal, 1),
    "equal weight monthly": partial(Periodic, equal, 21),
    "risk parity": partial(Periodic, risk_parity, 63),
    "minimum variance": partial(Periodic, minimum_variance, 63),
    "reversal tilt weekly": partial(Periodic, reversal, 5),
}
IN_SAMPLE = (EQUAL, "equal weight monthly")  # the others need a year of prices before the first day


WITHIN = " within sectors"
"""After the name of a network: its symmetry is that of `SECTORS` alone."""
SECTORS = {
    "technology": ["AAPL", "AMD", "MSFT"],
    "banks": ["BAC", "JPM"],
    "energy": ["CVX", "RRC", "XOM"],
    "health": ["JNJ", "LLY", "MRK", "PFE", "UNH"],
    "groceries": ["KO", "PEP", "PG", "WMT"],
    "shops": ["BBY", "HD"],
}  # GE stands for itself


@dataclass(frozen=True)
class World:
    """A fold of a market.

    Attributes:
        market: its source.
        dose: of the names of assets; see `shuffled_prices`.
        costs: of the dearest asset, as a fraction of the traded value; the cheapest one costs nothing. None for 0.1%
            of each.
        fold: counted back from the last.
    """

    market: str
    dose: float
    costs: float | None
    fold: int

    def env(self, network=""):
        """Its environment, with the symmetry that a network is told."""
        prices = load_prices(self.market, start="1995-01-01" if self.market == "sp500" else None)
        if self.dose < 1:
            prices = shuffled_prices(prices, self.dose)
        count = len(prices.tickers)
        commission = 0.001 if self.costs is None else [self.costs * i / (count - 1) for i in range(count)]
        shared = {"reward": "risk_penalised", "risk_aversion": 0.1, "window": 16, "commission": commission}
        told = {"sectors": SECTORS} if network.endswith(WITHIN) else {}
        return make(
            "trading/portfolio", prices=prices, fold=self.fold, **PERIODS[self.market], **shared, **told
        ).unwrapped

    @property
    def name(self):
        """For files."""
        return f"{self.market}-{self.dose:g}-{'all' if self.costs is None else f'{self.costs:g}'}-{self.fold}"


@dataclass(frozen=True)
class Study:
    """What is run."""

    worlds: tuple[World, ...]
    seeds: int
    matched: tuple[str, ...]
    networks: tuple[str, ...] = NETWORKS


STUDIES = {
    "markets": Study(
        tuple(World(market, 1.0, None, fold) for fold in range(5) for market in PERIODS), 10, ("widths", "parameters")
    ),
    "dose": Study(
        tuple(
            World("sp500", dose, costs, fold)
            for fold in (2, 3)
            for costs in (0.0, 0.005, 0.01)
            for dose in (0.0, 0.25, 0.5, 0.75, 1.0)
        ),
        5,
        ("widths",),
    ),
    "sectors": Study(
        tuple(World("sp500", 1.0, None, fold) for fold in range(5)),
        10,
        ("widths",),
        ("exact", f"exact{WITHIN}", "relaxed", f"relaxed{WITHIN}"),
    ),
}


def stretches(env, split):
    """Rows on which the years of a period start, and their length."""
    start, stop = getattr(env.split, split)
    years = max(1, round((stop - start) / YEAR))
    length = (stop - start - 2) // years
    return start + length * np.arange(years), length


def traded(env, seeds):
    """(S, days) rewards of each split."""
    found = {}
    for split in SPLITS:
        starts, length = stretches(env, split)
        found[split] = seeds.rewards(torch.tensor(starts), length).flatten(1).numpy()
    return found


def reference(env, name, split):
    """(days,) rewards of a strategy, in the same years; what it costs to get in is left out, as for the networks."""
    starts, length = stretches(env, split)
    found = []
    for start in starts:
        curve = backtest(env.prices, REFERENCES[name](), int(start) - 1, int(start) + length + 2, env.costs, env.cash)
        before = curve.value + curve.paid  # of a day's trades
        found.append(env.rewards_of(before[3:] / before[2:-1] - 1))
    return np.concatenate(found)


def run(world, network, family, count, path):
    """Train all seeds of a network, and trade them before and after."""
    env = world.env(network)
    agents = [DirectPortfolio(env, family, SIZE.direct, seed) for seed in range(count)]
    seeds = DirectSeeds(agents)
    before = traded(env, seeds)
    learning = seeds.learn().numpy()
    after = traded(env, seeds)
    parts = {
        f"{split}_{when}": each[split] for when, each in (("before", before), ("after", after)) for split in SPLITS
    }
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.savez_compressed(file, learning=learning, parameters=parameter_count(agents[0].actor), **parts)
    part.replace(path)


def missing(study, folder):
    """What is not there yet: a world, how networks are matched, a network, its family, and its file."""
    for matched in study.matched:
        for world in study.worlds:
            for network in study.networks:
                file = path(folder, world, matched, network)
                if not file.exists():
                    chosen = families(world.env(network), SIZE, matched)[network.removesuffix(WITHIN)]
                    yield world, matched, network, chosen, file


def path(folder, world, matched, network):
    """Of the rewards of a network; the plain one is matched with itself."""
    matched = "widths" if network in ("plain", "augmented") else matched
    return folder / "rewards" / f"{world.name}-{matched}-{network.replace(' ', '-')}.npz"


COLUMNS = (
    "market",
    "dose",
    "costs",
    "matched",
    "account",
    "parameters",
    "split",
    "against",
    "difference",
    "low",
    "high",
)


def table(study, folder):
    """Paired differences of every account from every other, over the folds of each market and of all together."""
    worlds = {}
    for world in study.worlds:
        worlds.setdefault((world.market, world.dose, world.costs), []).append(world)
    if len({market for market, _, _ in worlds}) > 1:
        worlds[("all", 1.0, None)] = list(study.worlds)
    strategies = {
        (world, split, name): reference(env, name, split)
        for world in study.worlds
        for env in [world.env()]
        for split in SPLITS
        for name in (REFERENCES if split == "test" else IN_SAMPLE)
    }
    for (market, dose, costs), folds in worlds.items():
        about = (market, dose, "0.001 each" if costs is None else costs)
        for split in SPLITS:
            names = REFERENCES if split == "test" else IN_SAMPLE
            others = {name: np.concatenate([strategies[world, split, name] for world in folds]) for name in names}
            for name in list(others)[1:]:
                yield *about, "", name, "", split, EQUAL, *difference(others[name][None], others[EQUAL])
            for matched in study.matched:
                found = {network: pooled(folds, matched, network, folder, split) for network in study.networks}
                for network, (own, untrained, parameters) in found.items():
                    rest = {name: each[0] for name, each in found.items() if name != network}
                    for against, theirs in {"untrained": untrained, **others, **rest}.items():
                        yield *about, matched, network, parameters, split, against, *difference(own, theirs)


def pooled(folds, matched, network, folder, split):
    """(S, days) rewards after and before learning, and the number of parameters, of the first fold."""
    files = [np.load(path(folder, world, matched, network)) for world in folds]
    after, before = (
        np.concatenate([file[f"{split}_{when}"] for file in files], axis=1) for when in ("after", "before")
    )
    return after, before, int(files[0]["parameters"])


def difference(own, theirs):
    """Of utility a year, and its interval."""
    found = asdict(paired(own, theirs, own, theirs))
    return [round(found[name], 4) for name in ("difference", "low", "high")]


def runs(study, folder):
    """Utility a year of every seed."""
    for world in study.worlds:
        for matched in study.matched:
            for network in study.networks:
                file = np.load(path(folder, world, matched, network))
                for split in SPLITS:
                    means = [YEAR * file[f"{split}_{when}"].mean(axis=1) for when in ("before", "after")]
                    for seed, (before, after) in enumerate(zip(*means, strict=True)):
                        about = (*asdict(world).values(), matched, network, int(file["parameters"]), seed, split)
                        yield *about, round(float(before), 3), round(float(after), 3)


def audits(study):
    """How far each world is from symmetric under swaps of neighbours, on average, beside where nothing is broken."""
    for world in study.worlds:
        env = world.env()
        weights = np.random.default_rng(0).dirichlet(np.ones(env.assets), 50)
        states = np.concatenate([np.zeros_like(weights), weights], axis=1)
        found = env.symmetry_errors(env.symmetry, list(range(env.assets - 1)), states, 0)
        means = (each.mean() for each in (found.errors.transition, found.floors.transition, found.errors.reward))
        yield *asdict(world).values(), *(round(float(x), 4) for x in (*means, found.floors.reward.mean()))


AUDIT_COLUMNS = ("market", "dose", "costs", "fold", "transition", "transition_floor", "reward", "reward_floor")
RUN_COLUMNS = (
    "market",
    "dose",
    "costs",
    "fold",
    "matched",
    "network",
    "parameters",
    "seed",
    "split",
    "before",
    "after",
)


def write(file, columns, rows):
    """A CSV."""
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def main(study_name, folder):
    """Train what is missing, then write the tables."""
    study, folder = STUDIES[study_name], Path(folder)
    (folder / "rewards").mkdir(parents=True, exist_ok=True)
    write(folder / "audits.csv", AUDIT_COLUMNS, audits(study))
    for world, _, network, family, file in missing(study, folder):
        if not file.exists():  # the plain network is there once for both ways to match
            run(world, network, family, study.seeds, file)
            print(file.name, flush=True)
    write(folder / "runs.csv", RUN_COLUMNS, runs(study, folder))
    write(folder / "table.csv", COLUMNS, table(study, folder))


def draw(table, figure):
    """What is gained in sample over the untrained network, and out of sample over equal weight."""
    with Path(table).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["matched"] == "widths"]
    markets = list(dict.fromkeys(row["market"] for row in rows))
    networks = list(dict.fromkeys(row["account"] for row in rows))
    panels = Figure(figsize=(9, 2 + 0.28 * len(networks) * len(markets) / 2), layout="constrained")
    axes = panels.subplots(1, 2, sharey=True)
    for axis, (split, against, title) in zip(axes, DRAWN, strict=True):
        for row in rows:
            if (row["split"], row["against"]) != (split, against):
                continue
            place = markets.index(row["market"]) * (len(networks) + 1) + networks.index(row["account"])
            middle, low, high = (float(row[name]) for name in ("difference", "low", "high"))
            clear = low > 0 or high < 0
            axis.plot([low, high], [place, place], color=BLUE if clear else GREY, linewidth=1.5)
            axis.plot(middle, place, "o", color=BLUE if clear else GREY, markersize=5)
        axis.axvline(0, color="black", linewidth=0.8)
        axis.set(title=title, xlabel="utility a year, 95% interval")
        axis.set_xscale("symlog", linthresh=10)
        axis.set_xlim((-2, 300) if split == "train" else (-90, 40))
        axis.xaxis.set_major_formatter("{x:g}")
        axis.set_xticks([0, 5, 10, 50, 200] if split == "train" else [-50, -10, -5, 0, 5, 10, 30])
        axis.xaxis.set_minor_locator(NullLocator())
        axis.grid(axis="x", alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    labels = {
        markets.index(market) * (len(networks) + 1) + networks.index(name): f"{name}, {MARKETS.get(market, market)}"
        for market in markets
        for name in networks
    }
    axes[0].set_yticks(list(labels), list(labels.values()))
    axes[0].invert_yaxis()
    Path(figure).parent.mkdir(parents=True, exist_ok=True)
    panels.savefig(figure, metadata={"Date": None})


def draw_dose(table, figure):
    """Relaxed networks less exact and plain ones, out of sample, against the dose, at each of the costs."""
    with Path(table).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if (row["account"], row["split"]) == ("relaxed", "test")]
    panels = Figure(figsize=(9, 3.6), layout="constrained")
    for axis, against in zip(panels.subplots(1, 2), ("exact", "plain"), strict=True):
        for place, (costs, colour) in enumerate(zip(("0.0", "0.005", "0.01"), COLOURS, strict=True)):
            own = [row for row in rows if (row["against"], row["costs"]) == (against, costs)]
            dose, middle, low, high = (
                np.array([float(row[name]) for row in own]) for name in ("dose", "difference", "low", "high")
            )
            label = f"costs up to {float(costs):.1%}" if float(costs) else "no costs"
            spread = [middle - low, high - middle]
            axis.errorbar(dose + 0.015 * (place - 1), middle, spread, fmt="o-", color=colour, label=label, capsize=3)
        axis.axhline(0, color="black", linewidth=0.8)
        axis.set(title=f"relaxed less {against}", xlabel="dose: 0 exchangeable, 1 the market", ylabel="utility a year")
        axis.set_xticks([0, 0.25, 0.5, 0.75, 1])
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    panels.axes[0].legend(frameon=False, loc="lower right")
    Path(figure).parent.mkdir(parents=True, exist_ok=True)
    panels.savefig(figure, metadata={"Date": None})


COLOURS = ("#0072B2", "#E69F00", "#D55E00")
DRAWN = (
    ("train", "untrained", "in sample, over the untrained network"),
    ("test", EQUAL, "out of sample, over equal weight"),
)
MARKETS = {"sp500": "20 stocks", "factors": "5 funds", "indices": "indices and oil", "all": "all three"}
BLUE, GREY = "#0072B2", "#777777"


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in ("draw", "draw_dose"):
        {"draw": draw, "draw_dose": draw_dose}[sys.argv[1]](*sys.argv[2:])
        sys.exit()
    if len(sys.argv) != 3 or sys.argv[1] not in STUDIES:
        sys.exit(
            f"which of {', '.join(STUDIES)}, and where to? python docs/results/trading_walk_forward.py dose runs/dose"
        )
    torch.set_num_threads(1)
    main(*sys.argv[1:])
