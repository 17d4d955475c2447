"""Launching a suite: killed runs go on, failing ones are tried again and named, finished ones are left alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nearsym.agents.comparison import run_member
from nearsym.agents.comparison.launch import launch, orders_of, states_at_start
from nearsym.agents.comparison.launch_local import LocalPool
from nearsym.agents.comparison.launch_ray import RayPool
from nearsym.agents.comparison.launch_slurm import SlurmPool
from nearsym.agents.comparison.ledger import Ledger
from nearsym.agents.comparison.lifeline import take_lock
from nearsym.agents.comparison.run_member import carry_out
from nearsym.agents.comparison.settings import CompareSettings, SlurmSettings
from nearsym.agents.comparison.status import FAILED, FINISHED, RUNNING, WAITING, Status, last_row, read_status
from nearsym.agents.comparison.suite import Network, Suite, Task
from nearsym.agents.run import Run
from nearsym.agents.settings import TrainSettings
from nearsym.agents.training import train
from nearsym.envs.symmetry import InputError
from nearsym.scripts.compose import compose

CHOICES = ["exact", "plain", "relaxed", "rpp"]
KILLED = "Pendulum-v1/none/relaxed/seed0"
SUITE = Suite(
    name="tiny",
    tasks=(Task("Pendulum-v1", 200, {"max_episode_steps": 25}),),
    networks=(Network("relaxed", "relaxed"), Network("plain", "plain")),
    seeds=(0, 1),
    overrides=(
        "network.width=16",
        "agent.batch_size=16",
        "agent.learning_starts=20",
        "eval_every=40",
        "eval_episodes=1",
        "checkpoint_every=50",
    ),
    episodes=2,
    noise=(0.0, 0.1),
)


class Unwatched:
    """Remembers what it was shown."""

    def __init__(self):
        self.seen, self.over = [], []

    def show(self, states):
        self.seen.append(dict(states))

    def ended(self, path, status):
        self.over.append(path)


def prepared(out, suite=SUITE, **settings):
    """The ledger of a folder, the orders of its runs, and where they stand."""
    ledger = Ledger(out, suite, CHOICES)
    orders = orders_of(ledger, CompareSettings(**settings))
    return ledger, orders, states_at_start(orders, ledger)


def kill_when(condition, processes):
    """SIGKILL the last process as soon as a condition holds."""

    def wait():
        deadline = time.monotonic() + 120
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.005)
        os.kill(processes[-1].pid, signal.SIGKILL)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def carried_out_with_a_kill(out):
    """The tiny suite, two processes at a time, one of them killed in mid-run; the last states and what was shown."""
    ledger, orders, states = prepared(out)
    ledger.open()
    started, real = [], subprocess.Popen

    def remembered(command, **given):
        process = real(command, **given)
        if f"run_dir={out}/{KILLED}" in command:
            started.append(process)
        return process

    checkpoints = out / KILLED / "checkpoints"
    watcher = Unwatched()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_member.subprocess, "Popen", remembered)
        killer = kill_when(lambda: any(checkpoints.glob("step-*")), started)
        ended = launch(orders, states, ledger, LocalPool(2), 2, watcher)
        killer.join()
    ledger.close()
    assert started[0].returncode == -signal.SIGKILL
    return ended, watcher


def test_a_suite_whose_member_is_killed_in_mid_run(tmp_path):
    """One test, for the runs are real and take long."""
    out = tmp_path / "tiny"
    ended, watcher = carried_out_with_a_kill(out)

    # the killed member went on, and ends with the metrics of one that nothing interrupted
    log = (out / "logs" / f"{KILLED}.txt").read_text()
    assert "attempt 2 of 2: $ nearsym train" in log and "seed 0: continues at step" in log
    member = next(one for one in SUITE.members(str(tmp_path / "alone")) if one.path == KILLED)
    whole = train(compose("train", TrainSettings, list(member.words)), ["test"]).metrics.read_text()
    assert (out / KILLED / "metrics.csv").read_text() == whole
    assert (out / KILLED.replace("seed0", "seed1") / "metrics.csv").read_text() != whole

    # suite.json says what became of every run
    saved = json.loads((out / "suite.json").read_text())
    assert saved["name"] == "tiny"
    assert [run["path"] for run in saved["runs"]] == [member.path for member in SUITE.members("x")]
    first = saved["runs"][0]
    assert set(first) == {"path", "task", "perturbation", "network", "seed", "state", "seconds", "message"}
    assert (first["task"], first["perturbation"], first["network"], first["seed"]) == ("Pendulum-v1", {}, "relaxed", 0)
    assert all(run["state"] == FINISHED and run["seconds"] > 0 and run["message"] == "" for run in saved["runs"])
    for run in saved["runs"]:
        report = json.loads((out / run["path"] / "evaluation.json").read_text())
        assert [level["noise"] for level in report["levels"]] == [0, 0.1]
        assert last_row(Run(out / run["path"]))[0] == 200

    # and so did the display while they ran
    assert set(watcher.over) == set(ended) == {run["path"] for run in saved["runs"]}
    assert any(one[KILLED].state == RUNNING for one in watcher.seen)
    assert max(sum(status.state == RUNNING for status in one.values()) for one in watcher.seen) == 2

    # a second time there is nothing to do
    ledger, orders, states = prepared(out)
    again = launch(orders, states, ledger, Refusing(), 2, Unwatched())
    assert {path: (status.state, status.seconds) for path, status in again.items()} == {
        path: (FINISHED, status.seconds) for path, status in ended.items()
    }
    assert json.loads((out / "suite.json").read_text()) == saved


@pytest.fixture
def compared(tmp_path):
    """A folder as the tiny suite leaves it, as far as it is looked at."""
    out = tmp_path / "tiny"
    ledger, orders, _ = prepared(out)
    ledger.open()
    for order in orders:
        checkpoint = order.run.checkpoints / "step-00000200"
        checkpoint.mkdir(parents=True)
        (checkpoint / "manifest.json").write_text("{}")
        order.run.config.write_text("")
        report = {"episodes": 2, "levels": [{"noise": 0.0}, {"noise": 0.1}]}
        (order.run.folder / "evaluation.json").write_text(json.dumps(report))
    ledger.close()
    return out


class Refusing:
    """A pool that nothing may be given to."""

    def submit(self, orders):
        raise AssertionError([order.member.path for order in orders])

    def ended(self):
        return {}

    def stop(self):
        pass


@pytest.mark.parametrize(
    ("change", "unfinished"),
    [
        ({}, 0),
        ({"seeds": (0, 1, 2)}, 2),
        ({"networks": (*SUITE.networks, Network("exact", "exact"))}, 2),
        ({"tasks": (*SUITE.tasks, Task("dmc/cartpole-swingup", 10))}, 4),
    ],
)
def test_what_is_added_is_all_that_is_left_to_do(compared, change, unfinished):
    _, _, states = prepared(compared, replace(SUITE, **change))
    assert sum(status.state == WAITING for status in states.values()) == unfinished


def test_a_run_without_its_evaluation_is_not_finished(compared):
    evaluation = compared / KILLED / "evaluation.json"
    content = evaluation.read_text()
    for spoiled in (content.replace("0.1", "0.3"), content.replace('"episodes": 2', '"episodes": 1'), "{", None):
        evaluation.unlink() if spoiled is None else evaluation.write_text(spoiled)
        assert prepared(compared)[2][KILLED].state == WAITING
    evaluation.write_text(content)
    assert prepared(compared)[2][KILLED].state == FINISHED
    os.utime(evaluation, (0, 0))  # older than the checkpoint
    assert prepared(compared)[2][KILLED].state == WAITING
    evaluation.write_text(content)


def test_a_run_that_has_not_reached_its_last_step_is_not_finished(compared):
    checkpoint = compared / KILLED / "checkpoints" / "step-00000200"
    checkpoint.rename(checkpoint.with_name("step-00000150"))
    assert prepared(compared)[2][KILLED].state == WAITING


def test_published_runs_without_checkpoints_are_finished(compared):
    shutil.rmtree(compared / KILLED / "checkpoints")
    assert prepared(compared)[2][KILLED].state == WAITING
    (compared / KILLED / "metrics.csv").write_text("step,eval_return\n0,1.0\n200,2.5\n")
    assert prepared(compared)[2][KILLED].state == FINISHED
    assert last_row(Run(compared / KILLED)) == (200, 2.5)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"name": "other"}, "its name was 'tiny' and is 'other'"),
        ({"seeds": (1, 2)}, f"{KILLED} is no longer one of its runs"),
        (
            {"overrides": ("network.width=32", *SUITE.overrides[1:])},
            f"{KILLED} had network.width=16 and has network.width=32",
        ),
        ({"overrides": SUITE.overrides[1:]}, f"{KILLED} had network.width=16 and has nothing"),
        ({"overrides": SUITE.overrides[::-1]}, f"the order of its overrides for {KILLED} is another"),
        ({"noise": (0.0,)}, f"{KILLED} had noise=[0,0.1] and has noise=[0]"),
        (
            {"tasks": (replace(SUITE.tasks[0], total_steps=300),)},
            f"{KILLED} had total_steps=200 and has total_steps=300",
        ),
    ],
)
def test_a_changed_suite_is_refused(compared, change, difference):
    with pytest.raises(InputError) as caught:
        Ledger(compared, replace(SUITE, **change), CHOICES)
    assert str(caught.value) == (
        f"the suite has changed since the runs in {compared} were started: {difference}; choose another out, or take "
        "the change back (further tasks, perturbations, networks and seeds may be added)"
    )


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError) as caught:
        Ledger(tmp_path, SUITE, CHOICES)
    assert str(caught.value) == f"out={tmp_path} exists and holds no suite; choose another out"
    with pytest.raises(InputError) as caught:
        Ledger(tmp_path / "notes.txt", SUITE, CHOICES)
    assert str(caught.value) == f"out={tmp_path}/notes.txt is a file; choose another out"


def test_a_suite_without_runs_may_be_changed(tmp_path):
    first = Ledger(tmp_path / "out", SUITE, CHOICES)
    first.open()
    first.close()
    Ledger(tmp_path / "out", replace(SUITE, name="other"), CHOICES)


def test_one_comparison_at_a_time_in_a_folder(tmp_path):
    first, second = (Ledger(tmp_path / "out", SUITE, CHOICES) for _ in range(2))
    first.open()
    with pytest.raises(InputError) as caught:
        second.open()
    taken = f"another nearsym compare is at work in {tmp_path}/out; wait for it, or choose another out"
    assert str(caught.value) == taken
    first.close()
    second.open()
    second.close()


@pytest.fixture
def order(tmp_path):
    return prepared(tmp_path / "out")[1][0]


def command(monkeypatch, source):
    """Let a few lines of Python stand for `nearsym`; the words are sys.argv[2:]."""
    monkeypatch.setattr(run_member, "COMMAND", source)


def test_a_failing_run_is_tried_again_and_named(order, monkeypatch):
    command(monkeypatch, "print('starts'); raise RuntimeError('the cart has left the track')")
    assert carry_out(order) == read_status(order.status)
    status = read_status(order.status)
    assert (status.state, status.message) == (FAILED, "RuntimeError: the cart has left the track")
    log = order.log.read_text()
    assert log.count("$ nearsym train") == 2 and log.count("attempt 2 of 2: ") == 1 and "evaluate" not in log
    carry_out(replace(order, retries=0))
    assert order.log.read_text().count("$ nearsym train") == 3


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import os; os.kill(os.getpid(), 9)", "nearsym train was ended by SIGKILL"),
        ("raise SystemExit(3)", "nearsym train ended with exit code 3"),
        ("import sys; sys.exit('nearsym: no such thing')", "nearsym: no such thing"),
        ("pass", "its commands ended well and left no finished run; see its log"),
    ],
)
def test_a_failure_says_what_happened(order, monkeypatch, source, message):
    command(monkeypatch, source)
    assert carry_out(replace(order, retries=0)).message == message


def test_threads_are_pinned(order, monkeypatch):
    command(monkeypatch, "import os, sys; sys.exit(os.environ['OMP_NUM_THREADS'] + ' ' + sys.argv[2])")
    assert carry_out(replace(order, retries=0, threads=3)).message == "3 train"


def test_a_stopped_run_waits_and_its_process_is_gone(order, monkeypatch):
    command(monkeypatch, "import os, time; print('pid', os.getpid(), flush=True); time.sleep(100)")
    status = carry_out(order, lambda: order.log.exists() and "pid" in order.log.read_text())
    assert status.state == WAITING
    (pid,) = [int(line.split()[1]) for line in order.log.read_text().splitlines() if line.startswith("pid")]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_folder_without_settings_is_started_afresh(order, monkeypatch):
    """A kill may come between making the folder and writing config.yaml."""
    command(
        monkeypatch, "import sys, pathlib; sys.exit(str([p.name for p in pathlib.Path(sys.argv[-2][8:]).iterdir()]))"
    )
    order.run.folder.mkdir(parents=True)
    (order.run.folder / "about.json").write_text("{}")
    assert carry_out(replace(order, retries=0)).message == "[]"
    (order.run.folder / "notes.txt").write_text("mine")
    assert carry_out(replace(order, retries=0)).message == "['notes.txt']"


HOLD = """
import sys, time
from nearsym.agents.comparison.lifeline import hold
hold(sys.argv[1])
print("held", flush=True)
time.sleep(100)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], stdin=subprocess.PIPE)
time.sleep(100)
"""


def test_a_process_dies_with_the_one_that_started_it(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, HOLD, str(tmp_path / "lock")], stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=r"^taken$"):
            take_lock(tmp_path / "lock", 0, "taken")
        parent.kill()
        take_lock(tmp_path / "lock", 30, "the child of a killed process still holds its lock").close()


class Scripted:
    """A pool that ends every run at the second question, but one that it never ends."""

    def __init__(self, never):
        self.never, self.active, self.most, self.stopped = never, [], 0, False

    def submit(self, orders):
        self.active += [[order.member.path, 0] for order in orders]
        self.most = max(self.most, len(self.active))

    def ended(self):
        for one in self.active:
            one[1] += 1
        done = [path for path, asked in self.active if asked == 2 and path != self.never]
        self.active = [one for one in self.active if one[0] not in done]
        if any(asked == 10 for _, asked in self.active):  # all others are over
            raise KeyboardInterrupt
        return dict.fromkeys(done, Status(FINISHED, 1.0))

    def stop(self):
        self.stopped = True


def test_an_interruption_leaves_the_rest_waiting(tmp_path):
    ledger, orders, states = prepared(tmp_path / "out")
    ledger.open()
    pool = Scripted(never=orders[1].member.path)
    with pytest.raises(KeyboardInterrupt):
        launch(orders, states, ledger, pool, 2, Unwatched())
    ledger.close()
    assert pool.stopped and pool.most == 2
    saved = json.loads((tmp_path / "out" / "suite.json").read_text())["runs"]
    assert [run["state"] for run in saved] == [FINISHED, WAITING, FINISHED, FINISHED]


@pytest.mark.parametrize(
    ("module", "pool", "message"),
    [
        (
            "ray",
            lambda: RayPool(None, 1, 1),
            "launcher=ray needs Ray; install it with pip install -c constraints.txt -e '.[ray]', or use launcher=local",
        ),
        (
            "submitit",
            lambda: SlurmPool(Path("x"), "x", None, 1, SlurmSettings()),
            "launcher=slurm needs submitit; install it with pip install -c constraints.txt -e '.[slurm]', or use "
            "launcher=local",
        ),
    ],
)
def test_a_launcher_that_is_not_installed_says_how(module, pool, message, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as caught:
        pool()
    assert str(caught.value) == message
