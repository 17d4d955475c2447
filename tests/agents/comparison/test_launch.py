"""Launching a suite: killed runs go on, finished ones are left alone, an interruption leaves the rest waiting."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml

from nearsym.agents.comparison import jobs as comparison_jobs
from nearsym.agents.comparison.launch import launch
from nearsym.agents.comparison.launch_local import LocalPool
from nearsym.agents.comparison.launch_ray import RayPool
from nearsym.agents.comparison.launch_slurm import SlurmPool
from nearsym.agents.comparison.settings import SlurmSettings
from nearsym.agents.comparison.status import FINISHED, RUNNING, WAITING, Status
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.metrics import last_row
from nearsym.agents.runs.settings import TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs.errors import InputError
from nearsym.scripts.compose import compose

RUN = "Pendulum-v1/none/relaxed/seed0"


class Unwatched:
    """Remembers what it was shown."""

    def __init__(self):
        self.seen, self.over = [], []

    def show(self, states):
        self.seen.append(dict(states))

    def ended(self, path, status):
        self.over.append(path)


class Refusing:
    """A pool that nothing may be given to."""

    def submit(self, jobs):
        raise AssertionError([job.spec.path for job in jobs])

    def ended(self):
        return {}

    def stop(self):
        pass


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


def carried_out_with_a_kill(prepare, out):
    """The tiny suite, two processes at a time, one of them killed in mid-run; the last states and what was shown."""
    folder, jobs, states = prepare(out)
    folder.open()
    started, real = [], subprocess.Popen

    def remembered(command, **given):
        process = real(command, **given)
        if str(out / "logs" / f"{RUN}.yaml") in command:
            started.append(process)
        return process

    checkpoints = out / RUN / "checkpoints"
    watcher = Unwatched()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison_jobs.subprocess, "Popen", remembered)
        killer = kill_when(lambda: any(checkpoints.glob("step-*")), started)
        ended = launch(jobs, states, folder, LocalPool(2), 2, watcher)
        killer.join()
    folder.close()
    assert started[0].returncode == -signal.SIGKILL
    return ended, watcher


def test_a_suite_of_which_a_run_is_killed_in_mid_run(tmp_path, tiny, prepare):
    """One test, for the runs are real and take long."""
    out = tmp_path / "tiny"
    ended, watcher = carried_out_with_a_kill(prepare, out)

    # the killed run went on, and ends with the metrics of one that nothing interrupted
    log = (out / "logs" / f"{RUN}.txt").read_text()
    assert "attempt 2 of 2: $ nearsym train" in log and "seed 0: continues at step" in log
    spec = next(one for one in tiny.runs(str(tmp_path / "alone")) if one.path == RUN)
    run = train(compose("train", TrainSettings, list(spec.overrides)), ["test"])
    whole = run.metrics.read_text()
    assert (out / RUN / "metrics.csv").read_text() == whole
    alone, compared = (yaml.safe_load(one.read_text()) for one in (run.config, out / RUN / "config.yaml"))
    assert compared == {**alone, "run_dir": f"{out}/{RUN}"}
    about = json.loads((out / RUN / "about.json").read_text())
    assert about["command"] == ["nearsym", "train", *(one.replace("alone", "tiny") for one in spec.overrides)]
    assert (out / RUN.replace("seed0", "seed1") / "metrics.csv").read_text() != whole

    # suite.json says what became of every run
    saved = json.loads((out / "suite.json").read_text())
    assert saved["name"] == "tiny"
    assert [run["path"] for run in saved["runs"]] == [spec.path for spec in tiny.runs("x")]
    first = saved["runs"][0]
    assert set(first) == {"path", "task", "perturbation", "network", "seed", "state", "seconds", "message"}
    assert (first["task"], first["perturbation"], first["network"], first["seed"]) == ("Pendulum-v1", {}, "relaxed", 0)
    assert all(run["state"] == FINISHED and run["seconds"] > 0 and run["message"] == "" for run in saved["runs"])
    for run in saved["runs"]:
        report = json.loads((out / run["path"] / "evaluation.json").read_text())
        assert [level["noise"] for level in report["levels"]] == [0, 0.1]
        assert last_row(Run(out / run["path"]).metrics)[0] == 200

    # and so did the display while they ran
    assert set(watcher.over) == set(ended) == {run["path"] for run in saved["runs"]}
    assert any(one[RUN].state == RUNNING for one in watcher.seen)
    assert max(sum(status.state == RUNNING for status in one.values()) for one in watcher.seen) == 2

    # a second time there is nothing to do
    folder, jobs, states = prepare(out)
    again = launch(jobs, states, folder, Refusing(), 2, Unwatched())
    assert {path: (status.state, status.seconds) for path, status in again.items()} == {
        path: (FINISHED, status.seconds) for path, status in ended.items()
    }
    assert json.loads((out / "suite.json").read_text()) == saved


class Scripted:
    """A pool that ends every run at the second question, but one that it never ends."""

    def __init__(self, never):
        self.never, self.active, self.most, self.stopped = never, [], 0, False

    def submit(self, jobs):
        self.active += [[job.spec.path, 0] for job in jobs]
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


def test_an_interruption_leaves_the_rest_waiting(tmp_path, prepare):
    folder, jobs, states = prepare(tmp_path / "out")
    folder.open()
    pool = Scripted(never=jobs[1].spec.path)
    with pytest.raises(KeyboardInterrupt):
        launch(jobs, states, folder, pool, 2, Unwatched())
    folder.close()
    assert pool.stopped and pool.most == 2
    saved = json.loads((tmp_path / "out" / "suite.json").read_text())["runs"]
    assert [run["state"] for run in saved] == [FINISHED, WAITING, FINISHED, FINISHED]


@pytest.mark.parametrize(
    ("module", "pool", "message"),
    [
        (
            "ray",
            lambda: RayPool(None, 1, 1),
            "launcher=ray needs it: pip install 'nearsym[ray]'; or use launcher=local",
        ),
        (
            "submitit",
            lambda: SlurmPool(Path("x"), "x", None, 1, SlurmSettings()),
            "launcher=slurm needs it: pip install 'nearsym[slurm]'; or use launcher=local",
        ),
    ],
)
def test_a_launcher_that_is_not_installed_says_how(module, pool, message, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError) as caught:
        pool()
    assert str(caught.value).startswith(f"{module} cannot be imported (") and str(caught.value).endswith(message)
