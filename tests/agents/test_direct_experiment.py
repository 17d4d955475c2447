"""The experiment of docs/results/trading_direct.py: it goes on where it stopped, and compares what it says it does."""

import csv
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from nearsym.agents.direct import DirectSettings

SCRIPT = Path(__file__).parents[2] / "docs" / "results" / "trading_direct.py"


@pytest.fixture
def experiment(monkeypatch):
    """The script as a module, with a size of seconds."""
    spec = importlib.util.spec_from_file_location("trading_direct", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # where its dataclasses look for their annotations
    spec.loader.exec_module(module)
    tiny = module.Size((0.0,), markets=2, seeds=2, matched=("widths",), direct=DirectSettings(1, 2, 4))
    monkeypatch.setitem(module.SIZES, "tiny", tiny)
    monkeypatch.setattr(module, "NETWORKS", ("plain", "exact"))
    return module


@pytest.mark.slow
def test_it_goes_on_and_its_table_is_of_what_was_traded(experiment, tmp_path, capsys):
    experiment.main("tiny", tmp_path)
    assert len(capsys.readouterr().out.splitlines()) == 8  # markets, networks, seeds
    rows = list(csv.DictReader((tmp_path / "table.csv").read_text().splitlines()))
    gone = tmp_path / "rewards" / "planted-0-1-widths-exact-1.npz"
    before = dict(np.load(gone))
    gone.unlink()
    experiment.main("tiny", tmp_path)
    assert capsys.readouterr().out.split() == [gone.name]
    assert all(np.array_equal(before[name], value) for name, value in np.load(gone).items())
    (row,) = [r for r in rows if (r["account"], r["against"], r["split"]) == ("exact", "plain", "test")]

    def mean(network):
        files = [f"planted-0-{market}-widths-{network}-{seed}.npz" for market in (0, 1) for seed in (0, 1)]
        return np.mean([np.load(tmp_path / "rewards" / file)["test_after"][0].mean() for file in files])

    assert float(row["difference"]) == pytest.approx(252 * (mean("exact") - mean("plain")), abs=1e-3)
    assert {r["against"] for r in rows if r["account"] == "exact"} >= {"untrained", "equal weight", "plain", "planted"}
    experiment.SIZES["tiny"] = experiment.Size()
    with pytest.raises(SystemExit, match="is of other settings"):
        experiment.main("tiny", tmp_path)


def test_parameters_are_matched_as_nearly_as_widths_allow(experiment):
    size = experiment.Size()
    env = experiment.World("planted", 0.0, 0).env()
    by_width, matched = (
        {name: experiment.count(env, each) for name, each in experiment.families(env, size, how).items()}
        for how in ("widths", "parameters")
    )
    assert by_width["plain"] > 5 * by_width["exact"]
    assert matched["plain"] == by_width["plain"]
    assert 0.8 < matched["exact"] / matched["plain"] < 1.25
