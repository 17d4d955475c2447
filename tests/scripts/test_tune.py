"""`nearsym tune`: equal budgets, pruning, kills, bad input, and a suite that `nearsym compare` takes."""

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from nearsym.agents.comparison.status import FINISHED, Status
from nearsym.agents.comparison.suite_file import read_suite
from nearsym.agents.tuning import tune as tuning
from nearsym.agents.tuning.plan import described, plan_from
from nearsym.agents.tuning.space import Choices, Range, space_from
from nearsym.envs.errors import InputError
from nearsym.networks import FAMILIES
from nearsym.scripts import main
from nearsym.scripts.tune import optuna

WORLD = """
import gymnasium
import numpy as np


class Still(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(1, np.float32), 1.0, False, self.steps % 10 == 0, {}
"""
PLAN = {
    "name": "mine",
    "tasks": [{"id": "still:Still", "total_steps": 20}],
    "networks": ["plain", {"wide": {"family": "plain", "depth": 1}}],
    "seeds": [100],
    "overrides": [
        "network.width=8",
        "agent.batch_size=4",
        "agent.learning_starts=5",
        "eval_every=10",
        "eval_episodes=1",
    ],
    "evaluate": {"episodes": 3, "noise": [0.0, 0.1]},
    "tune": {
        "trials": 3,
        "held_out": [0, 1],
        "keys": {"agent.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}},
    },
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "still", raising=False)  # another test's, from another folder
    (tmp_path / "still.py").write_text(WORLD)
    write(PLAN)
    return tmp_path


def write(plan):
    Path("mine.yaml").write_text(yaml.safe_dump(plan))


def changed(**tune):
    return {**PLAN, "tune": {**PLAN["tune"], **tune}}


@pytest.fixture
def pretended(monkeypatch):
    """Runs that learn at once: their evaluations are a function of the learning rate, written as a run writes them."""
    carried, stop_after = [], []

    def curve(rate):
        best = -abs(np.log10(rate) + 3)  # largest at 1e-3
        return [best * k for k in range(1, 5)]

    def launch(jobs, states, folder, pool, limit, watcher):
        carried.append([job.spec.path for job in jobs])
        for job in jobs:
            if stop_after and len(carried) > stop_after[0]:
                stop_after.clear()
                raise KeyboardInterrupt
            rate = next(float(o.partition("=")[2]) for o in job.spec.overrides if o.startswith("agent.learning_rate"))
            job.run.folder.mkdir(parents=True, exist_ok=True)
            rows = ["step,eval_return"]
            for step, value in enumerate(curve(rate)):
                rows.append(f"{5 * step},{value}")
                job.run.metrics.write_text("\n".join(rows) + "\n")
                watcher.show(states)
        return {job.spec.path: Status(FINISHED) for job in jobs}

    monkeypatch.setattr(tuning, "launch", launch)
    return SimpleNamespace(carried=carried, stop_after=stop_after, curve=curve)


def trials(out="runs/mine"):
    with Path(out, "trials.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_network_has_the_same_budget_and_the_best_is_taken(here, pretended, capsys):
    write(changed(pruner="none"))
    assert main.run(["tune", "suite=mine.yaml"]) == 0
    rows = trials()
    assert [sum(row["network"] == name for row in rows) for name in ("plain", "wide")] == [3, 3]
    for row in rows:  # the mean of the curve, by hand
        expected = np.mean(pretended.curve(float(row["agent.learning_rate"])))
        assert float(row["score"]) == pytest.approx(expected) and row["state"] == "complete"
    rates = [[row["agent.learning_rate"] for row in rows if row["network"] == name] for name in ("plain", "wide")]
    assert rates[0] == rates[1] and len(set(rates[0])) == 3  # the first trials are the same for every network
    result = read_suite(Path("runs/mine/tuned.yaml"), FAMILIES)
    assert result.seeds == (0, 1) and result.episodes == 3 and result.noise == (0.0, 0.1)
    for network in result.networks:
        own = [row for row in rows if row["network"] == network.name]
        best = max(own, key=lambda row: float(row["score"]))
        assert network.overrides["agent.learning_rate"] == pytest.approx(float(best["agent.learning_rate"]))
    assert result.networks[1].overrides["network.depth"] == 1
    printed = capsys.readouterr().out
    assert "[6/6] wide trial 2" in printed and "min left" in printed
    assert "next: nearsym compare suite=runs/mine/tuned.yaml" in " ".join(printed.split())
    assert main.run(["compare", "suite=runs/mine/tuned.yaml", "dry_run=true"]) == 0
    listed = capsys.readouterr().out
    assert listed.count("nearsym train") == 4 and "seed=0" in listed and "seed=100" not in listed


def test_bad_trials_are_pruned_and_count(here, pretended):
    """Negative control: with pruner=none above, none is."""
    write({**changed(trials=8), "networks": ["plain"]})
    main.run(["tune", "suite=mine.yaml"])
    rows = trials()
    whole = [float(row["score"]) for row in rows if row["state"] == "complete"]
    assert len(rows) == 8 and {"complete", "pruned"} == {row["state"] for row in rows} and len(whole) >= 4
    best = max(-abs(np.log10(float(row["agent.learning_rate"])) + 3) for row in rows)
    assert max(whole) == pytest.approx(best * 2.5)  # the best is never given up


def test_an_interrupted_trial_goes_on_and_none_is_lost(here, pretended, capsys):
    plan = {**PLAN, "networks": ["plain"]}
    write(plan)
    pretended.stop_after.append(1)
    assert main.run(["tune", "suite=mine.yaml"]) == 130
    assert "interrupted; continue with: nearsym tune suite=mine.yaml" in capsys.readouterr().err
    with Path("runs/mine/trials.log").open("a") as journal:
        journal.write('{"op_code": 5, "wor')  # what a kill may leave of a line
    assert main.run(["tune", "suite=mine.yaml"]) == 0
    assert "1 of 3 over" in capsys.readouterr().out
    assert len(pretended.carried) == 4 and pretended.carried[2] == pretended.carried[1]  # the same runs again
    rows = trials()
    write({**plan, "tune": {**plan["tune"], "trials": 4}})  # further trials may be added
    assert main.run(["tune", "suite=mine.yaml"]) == 0
    assert trials()[:3] == rows and len(trials()) == 4 and len(pretended.carried) == 5


def test_a_trial_that_fails_counts_too(here, monkeypatch, capsys):
    failed = Status("failed", 1.0, "training diverged")
    monkeypatch.setattr(tuning, "launch", lambda jobs, *rest: {job.spec.path: failed for job in jobs})
    write(changed(trials=1))
    assert main.run(["tune", "suite=mine.yaml"]) == 1
    printed = capsys.readouterr().out
    assert printed.count("failed: training diverged") == 2
    assert "no trial of plain, wide was completed, so there is nothing to compare; add trials" in printed
    assert [row["state"] for row in trials()] == ["fail"] * 2
    assert not Path("runs/mine/tuned.yaml").exists()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (
            {k: v for k, v in PLAN.items() if k != "tune"},
            "suite mine.yaml: the suite has no tune; it needs one such as",
        ),
        (changed(trails=3), "tune has an unknown key 'trails' (did you mean 'trials'?)"),
        (changed(trials=0), "tune.trials is 0, expected a number >= 1"),
        (changed(keys={}), "tune.keys is empty; name at least one key of nearsym train"),
        (changed(pruner="hyperband"), "tune.pruner is 'hyperband', expected one of median, halving, none"),
        (
            changed(held_out=[99, 100]),
            "seeds and tune.held_out both have 100: what is tuned on a seed cannot be compared",
        ),
        (changed(held_out=[]), "seeds is empty; name at least one"),
        (changed(keys={"agent.batch_size": [8, 16]}), "tune.keys has agent.batch_size, which overrides sets; leave it"),
        (changed(keys={"network.depth": [1, 2]}), "tune.keys has network.depth, which network wide sets; leave it out"),
        (
            changed(keys={"agent.tau": {"low": 1, "high": 0.5}}),
            "tune.keys.agent.tau goes from 1 to 0.5, expected low below",
        ),
        (
            changed(keys={"agent.tau": {"low": 0, "high": 1, "log": True}}),
            "tune.keys.agent.tau.low is 0, expected a number > 0",
        ),
        (changed(keys={"agent.tau": {"low": "1e-4", "high": 1}}), "YAML reads 1e-4 as text, so write 1.0e-4"),
        (changed(keys={"agent.tau": [0.1]}), "tune.keys.agent.tau is [0.1], expected two or more"),
        (changed(keys={"agent.tau": [0.1, 0.1]}), "tune.keys.agent.tau is [0.1, 0.1], which has a value twice"),
        (changed(keys={"agent.tau": 3}), "tune.keys.agent.tau is 3, expected a range {low: 1.0e-4"),
        (changed(keys={"agent.speed": [1, 2]}), "unknown key 'agent.speed'"),
        (changed(keys={"agent.tau": {"low": 0.5, "high": 1.5}}), "agent.tau is 1.5, expected a number from 0 to 1"),
        (changed(keys={"seed": [1, 2]}), "network plain sets seed, which the suite itself sets for every run"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_no_folder(here, capsys, plan, message):
    write(plan)
    assert main.run(["tune", "suite=mine.yaml"]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not Path("runs").exists()


def test_other_faults(here, pretended, monkeypatch, capsys):
    def refused(*arguments):
        assert main.run(["tune", *arguments]) == 2
        return capsys.readouterr().err

    assert "which suite? give suite=" in refused()
    assert "suite nowhere.yaml cannot be read" in refused("suite=nowhere.yaml")
    Path("taken").mkdir()
    Path("taken/note").write_text("mine")
    assert "out=taken exists and holds no tuning" in refused("suite=mine.yaml", "out=taken")
    write(changed(trials=1))
    assert main.run(["tune", "suite=mine.yaml"]) == 0
    write(changed(pruner="halving"))
    assert "the suite has changed since the tuning in runs/mine was started" in refused("suite=mine.yaml")
    write(changed(trials=1, held_out=[5]))
    assert "the suite has changed" in refused("suite=mine.yaml")
    capsys.readouterr()
    monkeypatch.setitem(sys.modules, "optuna", None)
    error = refused("suite=mine.yaml")
    assert "tuning needs it: pip install 'nearsym[tune]'" in error


def test_ranges_and_choices_are_what_the_plan_says():
    trial = optuna().trial.FixedTrial({"rate": 0.01, "count": 3, "kind": None})
    assert space_from("rate", {"low": 1e-4, "high": 1e-2, "log": True}).suggest(trial, "rate") == 0.01
    assert space_from("count", {"low": 1, "high": 8}).suggest(trial, "count") == 3
    assert isinstance(space_from("count", {"low": 1, "high": 8}), Range)
    assert space_from("kind", [None, "plain"]) == Choices((None, "plain"))
    assert space_from("kind", [None, "plain"]).suggest(trial, "kind") is None


def test_a_plan_is_read_back():
    keys = {"agent.tau": {"low": 0, "high": 0.5}, "agent.discount": [0.9, 0.99]}
    plan = plan_from(changed(keys=keys), FAMILIES)
    assert plan_from(yaml.safe_load(yaml.safe_dump(described(plan))), FAMILIES) == plan


def test_the_example_is_a_plan():
    example = Path(__file__).parents[2] / "docs/examples/tune.yaml"
    assert plan_from(yaml.safe_load(example.read_text()), FAMILIES).trials == 12
    with pytest.raises(InputError, match="there is no network"):
        plan_from({**yaml.safe_load(example.read_text()), "networks": ["equal"]}, FAMILIES)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_kill_in_the_middle_loses_nothing(here):
    """Real runs: a tuning that is killed goes on, ends with all trials, and has lost none that was over."""
    write(changed(trials=2, pruner="none"))
    command = [sys.executable, "-c", "from nearsym.scripts.main import main; main()", "tune", "suite=mine.yaml"]
    process = subprocess.Popen(command)
    while not Path("runs/mine/trials.csv").exists():
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    over = [row for row in trials() if row["state"] == "complete"]
    assert over
    assert subprocess.run(command, check=False).returncode == 0
    rows = trials()
    assert len(rows) == 4 and rows[: len(over)] == over
    assert {row["state"] for row in rows} == {"complete"}
    assert float(rows[0]["score"]) == 10  # ten steps an episode, a reward of one for each
