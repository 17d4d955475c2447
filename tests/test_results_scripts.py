"""Scripts of docs/results write where they are told, and nothing over evidence that they have no runs for."""

import csv
import json
import runpy
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks import family

RESULTS = Path(__file__).parents[1] / "docs" / "results"
WRITING = sorted(
    path
    for path in RESULTS.glob("*.py")
    if any(how in path.read_text() for how in ('.open("w"', '.open("a"', "savefig"))
)
GATHERING = {"trading": "trade-plain-0-0", "drqv2_small": "px-plain-0"}
MEASURES = ("annual_return", "annual_volatility", "sharpe", "sortino", "calmar", "max_drawdown", "turnover", "costs")


def script(path, *words, cwd):
    return subprocess.run([sys.executable, str(path), *map(str, words)], cwd=cwd, capture_output=True, text=True)


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """A script of `RESULTS` in this process, which has imported what it needs: its exit status, output and errors."""

    def carried_out(name, *words):
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(str(RESULTS))
        monkeypatch.setattr(sys, "argv", [name, *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(RESULTS / name), run_name="__main__")
        return ended.value.code, *capsys.readouterr()

    return carried_out


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
def test_told_nothing_it_writes_nothing(path, tmp_path, monkeypatch, capsys):
    """In a folder with runs, where it once gathered unasked. In this process, which has imported what they need."""
    (tmp_path / "runs").mkdir()
    before = state(RESULTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    monkeypatch.syspath_prepend(str(RESULTS))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(path), run_name="__main__")
    code = ended.value.code
    said = f"{code} {capsys.readouterr().err}"
    assert code in (1, 2) or isinstance(code, str)  # a message, with which Python ends in 1
    assert "usage:" in said or "where to" in said
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


def planted(path, steps=(0, 1000, 2000, 3000)):
    """Evaluations of five seeds of six networks on a whole and a broken task, of which two tell apart."""
    ends = {
        "plain": (80, 80),
        "exact": (100, 40),
        "relaxed": (100, 100),
        "rpp": (90, 85),
        "augmented": (90, 50),
        "bold": (100, 60),
        "modest": (99.5, 99.5),
    }
    rows = ["task,perturbation,network,seed,quantity,x,value"]
    for name, both in ends.items():
        for task, end in zip(("crane:Crane (crane-whole)", "crane:Crane (crane-worn)"), both, strict=True):
            for seed in range(5):
                rows.append(f"{task},,{name},{seed},learning_starts,,500")
                rows.append(f"{task},,{name},{seed},total_steps,,{steps[-1]}")
                for step in steps:
                    value = 10 if step == 0 else end + 0.2 * seed
                    rows.append(f"{task},,{name},{seed},return,{step},{value}")
    path.write_text("\n".join(rows) + "\n")


def test_the_rules_for_families_are_those_written_down(tmp_path, told):
    planted(tmp_path / "evaluations.csv")
    ask = partial(told, "families_rl.py")
    code, first, wrong = ask("tuning", "evaluations.csv")
    assert code == 0, wrong
    rows = {
        cells[1].strip(): [cell.strip() for cell in cells]
        for cells in map(lambda r: r.split("|"), first.splitlines())
        if len(cells) > 5
    }
    # (60.4 - 10) / (100.4 - 10) of plain's (80.4 - 10) / (100.4 - 10)
    assert rows["bold"][-2] == "dropped: crane-worn" and rows["bold"][-3] == "+0.22"
    assert rows["modest"][-2] == "may go on" and rows["exact"][-2] == "goes on"
    assert first.rstrip().endswith("beside plain, exact, relaxed, rpp, augmented: modest")
    assert "not complete" not in first
    code, second, wrong = ask("held_out", "evaluations.csv")
    assert code == 0, wrong
    answers = {row.split("|")[1].strip(): row for row in second.splitlines() if "yes:" in row or "no:" in row}
    assert answers["relaxed"].count("yes:") == 3 == answers["modest"].count("yes:")
    assert answers["augmented"].split("|")[3].strip().startswith("no: -0.11 [")  # (90 - 100) / (100.4 - 10)
    assert "no: -0.4" in answers["exact"] and answers["bold"].count("no:") == 2
    for visited, row in ((0.05, False), (0.15, True)):
        (tmp_path / "met.csv").write_text(
            f"task,seed,element,error,verdict,visited\ncrane-worn,0,r,0.7,broken,{visited}\n"
        )
        code, third, wrong = ask("held_out", "evaluations.csv", "--met", "met.csv")
        assert code == 0, wrong
        assert ("| crane-worn |" in third) is row, third
        assert ("do not meet the break: crane-worn" in third) is not row
        assert ("| - |" in third) is not row  # no broken one is left to ask about
    (tmp_path / "auto.csv").write_text("task,network,why\ncrane-whole,exact,\ncrane-worn,relaxed,\n")
    code, fourth, wrong = ask("held_out", "evaluations.csv", "--met", "met.csv", "--auto", "auto.csv")
    assert code == 0, wrong
    auto = next(row for row in fourth.splitlines() if row.startswith("| auto | yes"))
    assert auto.count("yes:") == 3 and "+0.00 [+0.00, +0.00]" in auto  # it is exact where the symmetry holds
    (tmp_path / "auto.csv").write_text("task,network,why\ncrane-whole,exact,\n")
    code, _, wrong = ask("held_out", "evaluations.csv", "--met", "met.csv", "--auto", "auto.csv")
    assert code == 1 and "chooses nothing for crane-worn" in wrong
    kept = [line for line in (tmp_path / "evaluations.csv").read_text().splitlines() if "-worn),,bold,0," not in line]
    (tmp_path / "fewer.csv").write_text("\n".join(kept) + "\n")
    code, fewer, wrong = ask("tuning", "fewer.csv")
    assert code == 0, wrong
    assert fewer.startswith("not complete, 5 runs elsewhere: 4 of bold on crane-worn\n"), fewer
    _, means, _ = ask("means", "fewer.csv")  # plain ends at 80, 80.2, … 80.8 and begins at 10
    assert "| plain | 80 / 80 | 80 / 80 |" in means and "| bold | 100 / 100 | 60 / 60 |" in means
    worn = [line for line in (tmp_path / "evaluations.csv").read_text().splitlines() if "-whole" not in line]
    (tmp_path / "worn.csv").write_text("\n".join(worn) + "\n")
    (tmp_path / "met.csv").write_text("task,seed,element,error,verdict,visited\ncrane-worn,0,,,none,0\n")
    code, nothing, _ = ask("held_out", "worn.csv", "--met", "met.csv")
    assert code == 0 and nothing.endswith("nothing is left to compare in\n")
    code, _, wrong = told("families_figure.py", "figure.png", "evaluations.csv")
    assert code == 0 and (tmp_path / "figure.png").stat().st_size > 1000, wrong
    code, _, wrong = ask("tuning", "nowhere")
    assert code == 1 and wrong.startswith("there is no nowhere")


def test_breaks_that_plain_agents_meet(tmp_path, told):
    """An environment without a break has a line without an element, one that is whole by its name has none."""
    for name, perturbation in {"p-offset": {"sensor_offset": 0.3}, "p-unbroken": {}, "p-whole": {}}.items():
        settings = TrainSettings(
            env=EnvSettings("Pendulum-v1"),
            agent=SACSettings(batch_size=8, learning_starts=10),
            network=family("plain", width=8),
            perturbation=PerturbationSettings(**perturbation),
            total_steps=20,
            eval_every=20,
            eval_episodes=1,
            run_dir=str(tmp_path / "suite" / name / "none" / "plain" / "seed0"),
        )
        train(settings, ["test"])
    table = tmp_path / "met.csv"
    for _ in range(2):  # the second adds nothing
        code, _, wrong = told("families_met.py", tmp_path / "suite", table)
        assert code == 0, wrong
        with table.open(newline="") as file:
            rows = [(row["task"], row["element"], row["verdict"]) for row in csv.DictReader(file)]
        assert rows == [("p-offset", "s", "broken"), ("p-unbroken", "", "none")]
