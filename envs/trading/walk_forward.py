"""Walking forward: accounts traded through one test period after another, taken together."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.table import Table

from nearsym.envs.errors import InputError

from .backtest import Curve
from .evaluation import AGENT, EQUAL, UNTRAINED
from .paired import Paired, paired
from .performance import return_statistics
from .prices import DateArray, FloatArray

Both = tuple[FloatArray, FloatArray]
"""(S, T) daily returns and rewards."""

SHARPE, A_YEAR = 2, 0
"""Places of these statistics in `return_statistics`."""


@dataclass(frozen=True)
class Traded:
    """A test period of one run.

    Attributes:
        dates: (T + 1,) its days.
        returns: (T,) daily ones of each account: the agent's, the references', perhaps the untrained agent's.
        rewards: (T,) what they would have been worth to the agent, likewise.
        learned: whether it passed the gate in its training period; None where it was not asked.
    """

    dates: DateArray
    returns: Mapping[str, FloatArray]
    rewards: Mapping[str, FloatArray]
    learned: bool | None


@dataclass(frozen=True)
class Account:
    """Every fold of a network or a reference, one after the other.

    Attributes:
        returns: (S, T) daily ones of each seed; S is 1 for a reference.
        rewards: (S, T) likewise.
        learned: runs that passed the gate; None where none was asked.
        against: every other account by name, on the same days.
    """

    returns: FloatArray
    rewards: FloatArray
    learned: int | None
    against: Mapping[str, Paired]

    def statistic(self, place: int) -> float:
        """One of `return_statistics`, in the mean over seeds."""
        return float(np.mean([return_statistics(each)[place] for each in self.returns]))


@dataclass(frozen=True)
class WalkForward:
    """A market, walked forward.

    Attributes:
        name: of the market.
        dates: (T + 1,) days, those of all folds, and the first.
        folds: their number.
        seeds: of every network.
        networks: accounts of the networks, by name.
        references: accounts of the strategies, by name.
    """

    name: str
    dates: DateArray
    folds: int
    seeds: int
    networks: Mapping[str, Account]
    references: Mapping[str, Account]

    def tables(self) -> list[Table | str]:
        """What is printed: how every account did, and every network against the others."""
        first, last = self.dates[0], self.dates[-1]
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        title = f"{self.name}: {self.folds} test periods, {first} to {last}, {seeds}"
        accounts = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        for column in ("", "a year", "Sharpe", "passed the gate"):
            accounts.add_column(column, justify="right" if column else "left")
        for name, account in {**self.networks, **self.references}.items():
            gate = "" if account.learned is None else f"{account.learned} of {self.folds * self.seeds}"
            accounts.add_row(name, f"{account.statistic(A_YEAR):.1%}", f"{account.statistic(SHARPE):.2f}", gate)
        pairs = Table(title="difference in reward a year [95%]", title_justify="left", box=box.SIMPLE_HEAD)
        shown = [UNTRAINED, EQUAL, *self.networks]
        for column in ("", *(f"less {name}" for name in shown)):
            pairs.add_column(column, justify="right" if column else "left")
        for name, account in self.networks.items():
            found = [account.against.get(other) for other in shown]
            pairs.add_row(
                name, *("" if x is None else f"{x.difference:+.2f} [{x.low:+.2f}, {x.high:+.2f}]" for x in found)
            )
        gate = "the gate: better than its untrained self and than equal weight on the days it was trained on"
        return [accounts, pairs, gate]

    def rows(self) -> list[list[Any]]:
        """Every pair of accounts, for CSV."""
        return [
            [self.name, name, other, *(round(value, 5) for value in asdict(found).values())]
            for name, account in self.networks.items()
            for other, found in account.against.items()
        ]

    def curves(self) -> dict[str, Curve]:
        """Growth of every account through all folds, of the mean log-return over seeds, for a figure."""
        return {name: self._curve(account) for name, account in {**self.networks, **self.references}.items()}

    def _curve(self, account: Account) -> Curve:
        grown = np.log(np.maximum(1 + account.returns, 1e-9)).mean(axis=0).cumsum()
        nothing = np.zeros(len(self.dates))
        return Curve(self.dates, np.exp(np.append(0.0, grown)), nothing[:, None], nothing, nothing)


def walk_forward(name: str, runs: Mapping[str, Mapping[int, Sequence[Traded]]]) -> WalkForward:
    """Take the test periods of several runs together.

    Differences are taken day by day, and their intervals resample days and seeds of all folds; see `paired`.

    Args:
        name: of the market.
        runs: of every network and seed, one for each fold.

    Raises:
        InputError: networks have other folds or numbers of seeds than the first.
    """
    ordered = {network: [sorted(each, key=_start) for each in by_seed.values()] for network, by_seed in runs.items()}
    _check_alike(name, ordered)
    (folds, *others), *_ = ordered.values()
    in_all = [account for account in folds[0].returns if all(account in fold.returns for fold in folds)]
    references = {name: _joined([folds], name) for name in in_all if name not in (AGENT, UNTRAINED)}
    own = {network: _joined(by_seed, AGENT) for network, by_seed in ordered.items()}
    networks = {}
    for network, by_seed in ordered.items():
        rivals = {**references, **{rival: account for rival, account in own.items() if rival != network}}
        if all(UNTRAINED in fold.returns for each in by_seed for fold in each):
            rivals = {UNTRAINED: _joined(by_seed, UNTRAINED), **rivals}
        networks[network] = _account(own[network], rivals, _passed(by_seed))
    dates = np.concatenate([folds[0].dates[:1], *(fold.dates[1:] for fold in folds)])
    held = {reference: _account(both, {}, None) for reference, both in references.items()}
    return WalkForward(name, dates, len(folds), 1 + len(others), networks, held)


def write_rows(found: Sequence[WalkForward], path: Path) -> None:
    """Every pair of accounts of every market, as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["market", "network", "against", *(field.name for field in fields(Paired))])
        for one in found:
            writer.writerows(one.rows())


def _start(fold: Traded) -> Any:
    return fold.dates[0]


def _listed(folds: Sequence[Traded]) -> str:
    return ", ".join(str(fold.dates[0]) for fold in folds)


def _check_alike(name: str, ordered: Mapping[str, Sequence[Sequence[Traded]]]) -> None:
    """All networks have the same folds, which share no day, and as many seeds.

    Raises:
        InputError: they have not.
    """
    first, (folds, *others) = next(iter(ordered.items()))
    for network, by_seed in ordered.items():
        for traded in by_seed:
            if list(map(_start, traded)) != list(map(_start, folds)):
                raise InputError(
                    f"{name}: a seed of {network} was tested from {_listed(traded)}, and one of {first} from "
                    f"{_listed(folds)}; finish the runs that are missing"
                )
        if len(by_seed) != 1 + len(others):
            raise InputError(
                f"{name}: {network} has {len(by_seed)} seeds and {first} has {1 + len(others)}; finish the others, or "
                "leave the network out"
            )
    for before, after in pairwise(folds):
        if after.dates[0] < before.dates[-1]:
            raise InputError(
                f"{name}: test periods from {before.dates[0]} and from {after.dates[0]} share days; walking forward "
                "takes env.kwargs.fold of one test_years after the other"
            )


def _joined(by_seed: Sequence[Sequence[Traded]], account: str) -> Both:
    """(S, T) returns and rewards of an account."""
    returns = np.array([np.concatenate([fold.returns[account] for fold in folds]) for folds in by_seed])
    rewards = np.array([np.concatenate([fold.rewards[account] for fold in folds]) for folds in by_seed])
    return returns, rewards


def _account(own: Both, others: Mapping[str, Both], learned: int | None) -> Account:
    returns, rewards = own
    against = {name: paired(rewards, theirs[1], returns, theirs[0]) for name, theirs in others.items()}
    return Account(returns, rewards, learned, against)


def _passed(by_seed: Sequence[Sequence[Traded]]) -> int | None:
    asked = [fold.learned for folds in by_seed for fold in folds]
    return None if None in asked else sum(map(bool, asked))
