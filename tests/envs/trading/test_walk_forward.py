"""Test periods one after the other: what pooled numbers are, by hand, and what cannot be pooled."""

import csv
from dataclasses import astuple

import numpy as np
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading.paired import paired
from nearsym.envs.trading.walk_forward import Traded, walk_forward, write_rows

DAYS = 40


def fold(start, seed, lift=0.0, learned=True, untrained=True):
    """A period whose agent earns `lift` a day more than equal weight does, and noise."""
    random = np.random.default_rng([seed, int(start[:4])])
    equal = np.random.default_rng(int(start[:4])).normal(0, 0.01, DAYS)
    accounts = {"agent": equal + lift + random.normal(0, 0.001, DAYS), "equal weight": equal}
    if untrained:
        accounts["untrained"] = equal + random.normal(0, 0.001, DAYS)
    dates = np.datetime64(start) + np.arange(DAYS + 1)
    return Traded(dates, accounts, {name: 100 * np.log1p(each) for name, each in accounts.items()}, learned)


def folds(seed, lift=0.0, **options):
    return [fold(start, seed, lift, **options) for start in ("2002-03-01", "2001-03-01")]  # in any order


def test_differences_are_of_all_days_of_all_folds_and_seeds():
    runs = {"exact": {0: folds(0, 0.001), 1: folds(1, 0.001)}, "plain": {0: folds(2), 1: folds(3, learned=False)}}
    found = walk_forward("here", runs)
    assert (found.folds, found.seeds) == (2, 2) and found.dates[0] == np.datetime64("2001-03-01")
    assert len(found.dates) == 2 * DAYS + 1 and set(found.references) == {"equal weight"}
    assert (found.networks["exact"].learned, found.networks["plain"].learned) == (4, 2)
    ordered = {seed: sorted(runs["exact"][seed], key=lambda one: one.dates[0]) for seed in (0, 1)}
    own, other, start = (
        np.array([np.concatenate([one.rewards[name] for one in ordered[seed]]) for seed in (0, 1)])
        for name in ("agent", "equal weight", "untrained")
    )
    exact = found.networks["exact"].against
    assert exact["equal weight"].difference == pytest.approx(252 * (own - other).mean())
    assert exact["untrained"].difference == pytest.approx(252 * (own - start).mean())
    interval = paired(own, other, np.expm1(own / 100), np.expm1(other / 100))
    assert astuple(exact["equal weight"]) == pytest.approx(astuple(interval))
    assert exact["plain"].difference == pytest.approx(-found.networks["plain"].against["exact"].difference)
    assert exact["equal weight"].better and not found.networks["plain"].against["equal weight"].better  # the control
    grown = found.curves()["equal weight"]
    assert grown.value[-1] == pytest.approx(np.exp(other[0].sum() / 100)) and len(grown.dates) == len(grown.value)


def test_what_cannot_be_taken_together_is_named():
    whole = {"exact": {0: folds(0)}}
    with pytest.raises(
        InputError, match="a seed of plain was tested from 2002-03-01, and one of exact from 2001-03-01"
    ):
        walk_forward("here", {**whole, "plain": {0: folds(0)[:1]}})
    with pytest.raises(InputError, match="plain has 2 seeds and exact has 1"):
        walk_forward("here", {**whole, "plain": {0: folds(0), 1: folds(1)}})
    with pytest.raises(InputError, match="2001-03-01 and from 2001-03-20 share days"):
        walk_forward("here", {"exact": {0: [fold("2001-03-01", 0), fold("2001-03-20", 0)]}})


def test_accounts_that_some_folds_lack_are_left_out():
    first, second = folds(0, untrained=False)
    first.returns["risk parity"] = first.rewards["risk parity"] = np.zeros(DAYS)  # for want of a year before the other
    found = walk_forward("here", {"exact": {0: [first, second]}})
    assert set(found.references) == {"equal weight"} and set(found.networks["exact"].against) == {"equal weight"}


def test_every_pair_is_a_row(tmp_path):
    found = walk_forward("here", {"exact": {0: folds(0)}, "plain": {0: folds(1)}})
    write_rows([found], tmp_path / "walk.csv")
    with (tmp_path / "walk.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["network"], row["against"]) for row in rows] == [
        (network, other)
        for network, rest in (("exact", "plain"), ("plain", "exact"))
        for other in ("untrained", "equal weight", rest)
    ]
    assert float(rows[0]["difference"]) == pytest.approx(
        found.networks["exact"].against["untrained"].difference, abs=1e-5
    )
