"""Scripts of docs/results write where they are told, and nothing over evidence that they have no runs for."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[1] / "docs" / "results"
WRITING = sorted(
    path for path in RESULTS.glob("*.py") if '.open("w"' in path.read_text() or "savefig" in path.read_text()
)
GATHERING = {"trading": "trade-plain-0-0", "drqv2_small": "px-plain-0"}
MEASURES = ("annual_return", "annual_volatility", "sharpe", "sortino", "calmar", "max_drawdown", "turnover", "costs")


def script(path, *words, cwd):
    return subprocess.run([sys.executable, str(path), *map(str, words)], cwd=cwd, capture_output=True, text=True)


def state(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def write_run(folder, name):
    """What `trading` and `drqv2_small` read of a run."""
    run = folder / name
    run.mkdir(parents=True)
    found = dict.fromkeys(MEASURES, 0.5)
    report = {"performance": {"agent": found, "equal weight": found}, "annual_return_with_price_noise": []}
    (run / "evaluation.json").write_text(json.dumps(report))
    head = "step,train_return,eval_return,actor_equivariance_error,critic_equivariance_error"
    (run / "metrics.csv").write_text(f"{head}\n0,,1,,\n100,2,3,0.5,0.5\n")


@pytest.mark.parametrize("path", WRITING, ids=lambda path: path.stem)
def test_told_nothing_it_writes_nothing(path, tmp_path):
    """In a folder with runs, where it once gathered unasked."""
    (tmp_path / "runs").mkdir()
    before = state(RESULTS)
    done = script(path, cwd=tmp_path)
    assert done.returncode in (1, 2) and ("usage:" in done.stderr or "where to" in done.stderr)
    assert state(RESULTS) == before and not state(tmp_path)


@pytest.mark.parametrize("name", [*GATHERING, "discovery"])
def test_a_table_is_not_overwritten_without_runs(name, tmp_path):
    table, runs = tmp_path / "kept.csv", tmp_path / "runs"
    runs.mkdir()
    table.write_text("evidence")
    words = (runs, table, "relaxed") if name == "discovery" else (table, "--runs", runs)
    done = script(RESULTS / f"{name}.py", *words, cwd=tmp_path)
    assert done.returncode == 1 and f"{table} is left as it is" in done.stderr
    assert table.read_text() == "evidence"


@pytest.mark.parametrize("name", GATHERING)
def test_what_is_gathered_goes_where_it_is_told(name, tmp_path):
    write_run(tmp_path / "runs", GATHERING[name])
    before = state(RESULTS)
    done = script(RESULTS / f"{name}.py", "table.csv", "--runs", "runs", "--figure", "figure.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "table.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 2
    assert (tmp_path / "figure.png").stat().st_size > 1000
    assert state(RESULTS) == before


@pytest.mark.parametrize("name", GATHERING)
def test_committed_tables_can_be_drawn(name, tmp_path):
    done = script(RESULTS / f"{name}.py", RESULTS / f"{name}.csv", "--figure", "figure.png", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "figure.png").stat().st_size > 1000
