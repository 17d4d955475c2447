"""`nearsym compare` of a suite that trades, and `nearsym walk` of what came of it."""

import csv
from pathlib import Path

import numpy as np
import pytest

from nearsym.scripts.main import run

SUITE = """
name: folds
tasks:
  - {name: late, id: trading/portfolio, total_steps: 20, kwargs: {fold: 0, KWARGS}}
  - {name: early, id: trading/portfolio, total_steps: 20, kwargs: {fold: 1, KWARGS}}
networks: [plain]
seeds: [0]
overrides: [network.width=8, agent.learning_starts=10, agent.batch_size=4, compile=false, eval_every=20]
evaluate: {episodes: 1, noise: [0]}
"""
KWARGS = "prices: PATH, window: 8, validation_years: 1, test_years: 1, episode_days: 10, reward: risk_penalised"


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Made-up prices of four years, and a suite of two folds of them."""
    monkeypatch.chdir(tmp_path)
    close = 50 * np.exp(np.cumsum(0.01 * np.random.default_rng(0).standard_normal((1500, 3)), axis=0))
    with Path("prices.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("date", "A", "B", "C"))
        dates = np.datetime64("2001-01-01") + np.arange(1500)
        writer.writerows((day, *row) for day, row in zip(dates, close.round(4), strict=True))
    Path("suite.yaml").write_text(SUITE.replace("KWARGS", KWARGS.replace("PATH", str(tmp_path / "prices.csv"))))


def rows_of(path):
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_market_is_walked_forward(suite, capsys):
    assert run(["compare", "suite=suite.yaml"]) == 0
    capsys.readouterr()
    assert run(["compare", "suite=suite.yaml"]) == 0  # nothing is done again
    printed = capsys.readouterr().out
    assert "2 finished before" in printed and printed.endswith("next:   nearsym walk runs/folds\n")
    assert run(["walk", "runs/folds"]) == 0
    printed = capsys.readouterr().out
    assert "2 test periods" in printed and "passed the gate" in printed and " of 2" in printed
    assert Path("runs/folds/walk/walk.png").stat().st_size > 10_000
    (row,) = [row for row in rows_of("runs/folds/walk/walk.csv") if row["against"] == "equal weight"]

    # by hand, from the days of both evaluations
    growth = []
    for name in ("early", "late"):
        rows = rows_of(f"runs/folds/{name}/none/plain/seed0/evaluation.csv")
        assert rows[-1]["date"] < "2005" if name == "early" else rows[-1]["date"] > "2005"
        own, other = (100 * np.diff(np.log([float(row[key]) for row in rows])) for key in ("agent", "equal weight"))
        growth.append((own - 0.05 * own**2) - (other - 0.05 * other**2))  # a risk aversion of 0.1
    assert float(row["difference"]) == pytest.approx(252 * np.concatenate(growth).mean(), abs=1e-4)
    assert run(["report", "runs/folds"]) == 0  # learning curves of the validation periods

    late = Path("runs/folds/late/none/plain/seed0")
    for ending in ("json", "csv"):  # a later evaluation counts
        (late / f"evaluation-2.{ending}").write_bytes((late / f"evaluation.{ending}").read_bytes())
    (late / "evaluation-2.csv").write_text("date\n")
    assert run(["walk", "runs/folds"]) == 2
    assert "write it again with nearsym evaluate runs/folds/late/none/plain/seed0" in capsys.readouterr().err


def test_what_is_no_walk_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["walk"]) == 2
    assert "which comparison?" in capsys.readouterr().err
    assert run(["walk", "runs/none"]) == 2
    assert "runs/none/suite.json cannot be read" in capsys.readouterr().err
    Path("runs").mkdir()
    for odd in ('{"runs": [3]}', '{"runs": [{"state": "finished"}]}', '{"runs": {}}x'):
        Path("runs/suite.json").write_text(odd)
        assert run(["walk", "runs"]) == 2
        assert "runs/suite.json cannot be read" in capsys.readouterr().err
    entry = '{"state": "waiting", "path": "x", "network": "plain", "seed": 0, "perturbation": {}}'
    Path("runs/suite.json").write_text(f'{{"runs": [{entry}]}}')
    assert run(["walk", "runs"]) == 2
    assert "none of the 1 runs in runs has finished" in capsys.readouterr().err
