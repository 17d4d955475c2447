"""`nearsym compare` from end to end: what it prints, its exit codes, and Ctrl-C."""

import json
import signal
import subprocess
import sys
import time

import pytest
import yaml

from nearsym.scripts import compare
from nearsym.scripts.main import run

INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from nearsym.scripts.main import main
main()
"""
WORLDS = """
import gymnasium
import numpy as np


class Sound(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.zeros(1, np.float32), 0.0, False, self.steps % 10 == 0, {}


class Broken(Sound):
    def step(self, action):
        if self.steps == 35:
            raise RuntimeError("the cart has left the track")
        return super().step(action)
"""
SUITE = {
    "name": "mine",
    "tasks": [{"id": "worlds:Sound", "total_steps": 60}, {"id": "worlds:Broken", "total_steps": 60}],
    "networks": ["plain"],
    "seeds": [0],
    "overrides": ["network.width=8", "agent.batch_size=8", "agent.learning_starts=10", "eval_every=30"],
    "evaluate": {"episodes": 1},
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "worlds.py").write_text(WORLDS)
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(SUITE))
    return tmp_path


def states(out):
    return {run["path"]: run["state"] for run in json.loads((out / "suite.json").read_text())["runs"]}


def test_a_failing_run_is_tried_again_and_reported_and_the_others_finish(here, capsys):
    assert run(["compare", "suite=mine.yaml", "out=runs/mine", "jobs=2"]) == 1
    out = capsys.readouterr().out
    assert "suite mine: 2 runs, 0 finished before; runs/mine" in out
    assert "2/2]" in out and "all" in out and "1 of 2" in out
    log = "runs/mine/logs/worlds-Broken/none/plain/seed0.txt"
    failed = next(line for line in out.splitlines() if line.startswith("failed: worlds-Broken/none/plain/seed0: "))
    assert "RuntimeError: the cart has left the track" in failed and failed.endswith(f"({log})")
    assert out.endswith("next:   nearsym report runs/mine\n")
    assert states(here / "runs" / "mine") == {
        "worlds-Sound/none/plain/seed0": "finished",
        "worlds-Broken/none/plain/seed0": "failed",
    }
    assert (here / log).read_text().count("RuntimeError: the cart") == 2
    assert "attempt 2 of 2" in (here / log).read_text()
    capsys.readouterr()
    assert run(["compare", "suite=mine.yaml", "out=runs/mine", "dry_run=true"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "# finished: worlds-Sound/none/plain/seed0"
    assert [line.split()[:2] for line in rest] == [["nearsym", "train"], ["nearsym", "evaluate"]]


def test_a_dry_run_lists_commands_and_leaves_nothing(here, capsys):
    assert run(["compare", "suite=quick", "dry_run=true"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 16
    assert lines[0].startswith("nearsym train env=dmc/cartpole-swingup env.kwargs.action_repeat=4 network=plain ")
    assert lines[1].startswith("nearsym evaluate runs/quick/cartpole-swingup/none/plain/seed0 episodes=5 ")
    assert not (here / "runs").exists()


def test_ctrl_c_ends_the_runs_and_says_how_to_go_on(here):
    content = {**SUITE, "tasks": [{"id": "worlds:Sound", "total_steps": 1_000_000}]}
    (here / "mine.yaml").write_text(yaml.safe_dump(content))
    words = ["compare", "suite=mine.yaml", "out=runs/mine", "jobs=1"]
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    path = "worlds-Sound/none/plain/seed0"
    metrics, deadline = here / "runs" / "mine" / path / "metrics.csv", time.monotonic() + 120
    while not (metrics.exists() and states(here / "runs" / "mine")[path] == "running"):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == f"\nnearsym: interrupted; continue with: nearsym {' '.join(words)}\n"
    assert states(here / "runs" / "mine") == {path: "waiting"}
    size = metrics.stat().st_size
    time.sleep(0.5)
    assert metrics.stat().st_size == size  # nobody writes on


@pytest.mark.parametrize(("launcher", "module"), [("ray", "ray"), ("slurm", "submitit")])
def test_what_a_launcher_lacks_is_said_before_anything_is_built(launcher, module, here, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "worlds", raising=False)  # of another test's folder

    def build(*arguments):
        raise AssertionError("the suite was checked first")

    monkeypatch.setattr(compare, "check_runs", build)
    assert run(["compare", "suite=mine.yaml", f"launcher={launcher}"]) == 2
    err = capsys.readouterr().err
    assert module in err and f"launcher={launcher} needs it: pip install" in err
    with pytest.raises(AssertionError, match="checked first"):  # the control: a launcher that needs nothing
        run(["compare", "suite=mine.yaml"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("compare", "which suite? give suite=, one of headline, large, quick or the path of a YAML file"),
        (
            "compare suite=quik",
            "there is no suite=quik (did you mean 'quick'?); give one of headline, large, quick or the path of a YAML "
            "file",
        ),
        (
            "compare suite=other.yaml",
            "there is no file other.yaml; give the path of a suite, or one of headline, large, quick",
        ),
        ("compare suite=quick launcher=rey", "launcher is 'rey', expected one of local, ray, slurm"),
        ("compare suite=quick jobs=0", "jobs is 0, expected a number >= 1"),
        ("compare suite=quick retries=-1", "retries is -1, expected a number >= 0"),
        (
            "compare suite=quick launchr=ray",
            "unknown key 'launchr' (did you mean 'launcher'?); `--help` lists the keys",
        ),
        (
            "compare suite=quick address=auto",
            "address=auto is of a Ray cluster, and launcher=local; add launcher=ray",
        ),
        ("compare suite=quick slurm.executor=pbs", "slurm.executor is 'pbs', expected one of slurm, local, debug"),
        ("compare suite=quick out=mine.yaml", "out=mine.yaml is a file; choose another out"),
        ("compare suite=quick out=.", "out=. exists and holds no suite; choose another out"),
    ],
)
def test_bad_input_is_one_clear_line(words, message, here, capsys):
    before = sorted(here.iterdir())
    assert run(words.split()) == 2
    out, err = capsys.readouterr()
    assert err == f"nearsym: {message}\n" and out == ""
    assert sorted(here.iterdir()) == before


def test_help_lists_the_suites(capsys):
    assert run(["compare", "--help"]) == 0
    out = capsys.readouterr().out
    assert "suite=  headline, large, quick, or the path of your own YAML file" in out and "slurm.partition" in out
