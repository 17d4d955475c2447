"""The experiment of docs/results/trading_walk_forward.py: its accounts are the environment's, and it goes on."""

import csv
import importlib.util
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from nearsym.agents.direct import DirectPortfolio, DirectSettings
from nearsym.networks import family

SCRIPT = Path(__file__).parents[2] / "docs" / "results" / "trading_walk_forward.py"


@pytest.fixture
def walk(monkeypatch):
    """The script as a module."""
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    spec = importlib.util.spec_from_file_location("trading_walk_forward", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


class Constant(torch.nn.Module):
    """Everything in the assets, alike."""

    def forward(self, observation):
        action = torch.ones(*observation.shape[:-1], 6)
        action[..., -1] = -1e9
        return action


@pytest.mark.parametrize("split", ["train", "test"])
def test_networks_and_references_keep_the_same_books(walk, split):
    """A policy that always wants equal weights earns what the strategy does, on the same days, costs included."""
    env = walk.World("factors", 1.0, 0.01, 1).env()
    agent = DirectPortfolio(env, family("plain", width=4, window_channels=1), seed=0)
    agent.actor = Constant()
    starts, length = walk.stretches(env, split)
    with torch.no_grad():
        own = agent.rewards(torch.tensor(starts), length).flatten().numpy()
    found = walk.reference(env, walk.EQUAL, split)
    np.testing.assert_allclose(own, found, atol=1e-3)
    assert len(own) > 200 * len(starts)
    monthly = walk.reference(env, "equal weight monthly", split)
    assert np.abs(monthly - found).max() > 5e-3  # control


@pytest.mark.slow
def test_it_goes_on_and_its_tables_are_of_what_was_traded(walk, monkeypatch, tmp_path, capsys):
    worlds = tuple(walk.World(market, 1.0, None, fold) for market, fold in (("factors", 0), ("indices", 1)))
    monkeypatch.setitem(walk.STUDIES, "tiny", walk.Study(worlds, 2, ("widths",), ("plain", "exact")))
    monkeypatch.setattr(walk, "paired", partial(walk.paired, resamples=5))
    monkeypatch.setattr(walk, "SIZE", walk.Size(width=4, channels=1, direct=DirectSettings(1, 2, 4)))
    walk.main("tiny", tmp_path)
    assert len(capsys.readouterr().out.split()) == 4
    gone = tmp_path / "rewards" / "factors-1-all-0-widths-exact.npz"
    before = dict(np.load(gone))
    assert before["test_after"].shape[0] == 2 and not np.array_equal(before["test_after"], before["test_before"])
    gone.unlink()
    walk.main("tiny", tmp_path)
    assert capsys.readouterr().out.split() == [gone.name]
    np.testing.assert_allclose(np.load(gone)["test_after"], before["test_after"], atol=1e-4)
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    (row,) = [
        r for r in rows if (r["market"], r["account"], r["against"], r["split"]) == ("all", "exact", "plain", "test")
    ]
    names = [world.name for world in worlds]
    own, other = (
        np.concatenate([np.load(tmp_path / "rewards" / f"{n}-widths-{net}.npz")["test_after"] for n in names], axis=1)
        for net in ("exact", "plain")
    )
    assert float(row["difference"]) == pytest.approx(252 * (own - other).mean(), abs=1e-3)
    runs = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
    assert len(runs) == 2 * 2 * 2 * 2  # worlds, networks, splits, seeds


def test_years_follow_each_other_and_stay_in_their_period(walk):
    env = walk.World("indices", 1.0, None, 2).env()
    for split in walk.SPLITS:
        starts, length = walk.stretches(env, split)
        first, stop = getattr(env.split, split)
        assert starts[0] == first and (np.diff(starts) == length).all() and 240 <= length <= 260
        assert stop - 3 - len(starts) < starts[-1] + length + 1 < stop  # the last reward's close is in the period
