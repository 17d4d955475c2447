"""Killed at random moments, again and again: every curve and every evaluation is that of a run without a kill.

pytest -m slow tests/agents/runs/test_kills.py
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

KILLS = {"train": 20, "evaluate": 10, "compare": 10}
"""Of each command, in each test."""

RUN = ["env=Pendulum-v1", "env.kwargs.max_episode_steps=40", "network.width=8", "agent.batch_size=8", "seed=3"]
RUN += ["agent.learning_starts=50", "total_steps=600", "eval_every=90", "eval_episodes=1", "checkpoint_every=70"]

SUITE = """
name: killed
tasks:
- {id: Pendulum-v1, total_steps: 300, kwargs: {max_episode_steps: 40}}
networks: [plain, relaxed]
seeds: [0, 1]
overrides: [network.width=8, agent.batch_size=8, agent.learning_starts=50, eval_every=70, eval_episodes=1,
            checkpoint_every=60]
evaluate: {episodes: 2, noise: [0.0, 0.1]}
"""


def started(folder, *words):
    """The command in a process of its own."""
    code = "from nearsym.scripts.main import main; main()"
    command = [sys.executable, "-u", "-c", code, *words]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finished(process):
    """What a command has printed that was let run to its end."""
    printed, _ = process.communicate()
    assert process.returncode == 0, printed
    return printed


def children(pid):
    """Processes that a process has started."""
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in found.split()]


def killed(process, moment, draw=None):
    """Kill a command after so many seconds, or with `draw` one of its children; whether it still ran."""
    deadline = time.monotonic() + moment
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    alive = process.poll() is None
    below = children(process.pid) if alive and draw is not None else []
    if below and draw.random() < 0.5:
        os.kill(draw.choice(below), signal.SIGKILL)
        time.sleep(draw.uniform(0, 2))  # the parent tries again, and dies later
    if alive:
        process.kill()
        process.communicate()
    return alive


def seconds(folder, *words):
    """How long a command takes, and what it prints."""
    start = time.monotonic()
    printed = finished(started(folder, *words))
    return time.monotonic() - start, printed


def metrics(folder):
    return {path.relative_to(folder): path.read_text() for path in sorted(folder.rglob("metrics.csv"))}


def evaluations(folder):
    """The content of every evaluation, without the name of the run's folder."""
    found = {}
    for path in sorted(folder.rglob("evaluation*.json")):
        content = json.loads(path.read_text())
        found[path.relative_to(folder)] = {key: value for key, value in content.items() if key != "run"}
    return found


def left(folder):
    """Names in the folder of a run and of its checkpoints."""
    return {path.name for path in (*folder.iterdir(), *(folder / "checkpoints").iterdir())}


def test_training(tmp_path):
    took, _ = seconds(tmp_path, "train", *RUN, "run_dir=whole")
    draw, resumed, hit, folder = random.Random(0), 0, 0, tmp_path / "killed"
    for number in range(1 + KILLS["train"]):
        process = started(tmp_path, "train", *RUN, "run_dir=killed", "resume=true")
        if number < KILLS["train"] and killed(process, draw.uniform(0.2, 1) * took):
            hit += 1
            resumed += (folder / "checkpoints").exists()
            continue
        finished(process)
        assert metrics(folder) == metrics(tmp_path / "whole")
        assert {name for name in left(folder) if "step" in name} == {"step-00000600"}
        shutil.rmtree(folder)  # the next kills are of another one
    assert hit >= KILLS["train"] // 2 and resumed > 0
    seconds(tmp_path, "train", *RUN, "run_dir=other", "agent.tau=0.01")  # negative control
    assert metrics(tmp_path / "other") != metrics(tmp_path / "whole")


def test_evaluation(tmp_path):
    finished(started(tmp_path, "train", *RUN, "run_dir=whole", "total_steps=100"))
    words = ("evaluate", "whole", "episodes=20", "noise=[0,0.1,0.2]")
    took, _ = seconds(tmp_path, *words)
    first = evaluations(tmp_path / "whole")
    draw = random.Random(1)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for _ in range(KILLS["evaluate"]):
        process = started(tmp_path, *words, "seed=2")
        if not killed(process, draw.uniform(0.3, 1.1) * took):
            finished(process)
        assert all(path.read_bytes() == content for path, content in before.items())
    finished(started(tmp_path, *words, "seed=2"))
    now = evaluations(tmp_path / "whole")
    assert now[Path("evaluation.json")] == first[Path("evaluation.json")]
    assert set(now) == {Path("evaluation.json"), Path("evaluation-2.json")}
    again = tmp_path / "again"
    (tmp_path / "whole").rename(again)
    (again / "evaluation-2.json").unlink()
    finished(started(tmp_path, "evaluate", "again", "episodes=20", "noise=[0,0.1,0.2]", "seed=2"))
    assert evaluations(again) == now


def test_comparison(tmp_path):
    (tmp_path / "suite.yaml").write_text(SUITE)
    words = ("compare", "suite=suite.yaml", "jobs=2")
    took, _ = seconds(tmp_path, *words, "out=whole")
    draw, hit, folder = random.Random(2), 0, tmp_path / "killed"
    for number in range(1 + KILLS["compare"]):
        process = started(tmp_path, *words, "out=killed")
        if number < KILLS["compare"] and killed(process, draw.uniform(0.05, 0.6) * took, draw):
            hit += 1
            continue
        finished(process)
        assert metrics(folder) == metrics(tmp_path / "whole") and len(metrics(folder)) == 4
        assert evaluations(folder) == evaluations(tmp_path / "whole")
        states = [run["state"] for run in json.loads((folder / "suite.json").read_text())["runs"]]
        assert states == ["finished"] * 4
        shutil.rmtree(folder)  # the next kills are of another one
    assert hit >= KILLS["compare"] // 2
