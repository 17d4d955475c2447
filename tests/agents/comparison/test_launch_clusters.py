"""A suite on a Ray cluster of two nodes whose workers and nodes die, and through submitit; all on this machine.

Needs the extras: pip install -c constraints.txt -e '.[ray,slurm]'
"""

import json
import os
import signal
import time

import pytest

from nearsym.agents.comparison.check import settings_of
from nearsym.agents.comparison.launch import jobs_of, launch, states_at_start
from nearsym.agents.comparison.launch_ray import RayPool
from nearsym.agents.comparison.launch_slurm import SlurmPool
from nearsym.agents.comparison.settings import CompareSettings, SlurmSettings
from nearsym.agents.comparison.status import FAILED, FINISHED, Status, read_status
from nearsym.agents.comparison.suite import Network, Suite, Task
from nearsym.agents.comparison.suite_folder import SuiteFolder
from nearsym.agents.runs.settings import TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs.errors import InputError
from nearsym.scripts.compose import compose

INSTALL = "not installed: pip install -c constraints.txt -e '.[ray,slurm]'"
SUITE = Suite(
    name="tiny",
    tasks=(Task("Pendulum-v1", 600, {"max_episode_steps": 25}),),
    networks=(Network("relaxed", "relaxed"),),
    seeds=(0, 1),
    overrides=(
        "network.width=16",
        "agent.batch_size=16",
        "agent.learning_starts=20",
        "eval_every=100",
        "eval_episodes=1",
        "checkpoint_every=50",
    ),
    episodes=1,
)
PATHS = [spec.path for spec in SUITE.runs("x")]


class Disturbing:
    """Does something once, as soon as every run has a checkpoint."""

    def __init__(self, out, disturb):
        self.out, self.disturb, self.done = out, disturb, False

    def show(self, states):
        # only once all have a checkpoint is a run that starts again seen to go on from it
        if not self.done and all(any((self.out / path / "checkpoints").glob("step-*")) for path in PATHS):
            self.done = True
            self.disturb()

    def ended(self, path, status):
        pass


def carried_out(out, pool, disturb, limit=None):
    """The last status of every run, and what each of them printed; `pool` makes one."""
    folder = SuiteFolder(out, SUITE, ["relaxed"])
    training = settings_of(folder.runs, lambda overrides: compose("train", TrainSettings, list(overrides)))
    jobs = jobs_of(folder, CompareSettings(retries=0), training)
    folder.open()
    watcher = Disturbing(out, disturb)
    ended = launch(jobs, states_at_start(jobs, folder), folder, pool(), limit, watcher)
    folder.close()
    assert watcher.done
    return ended, {path: (out / "logs" / f"{path}.txt").read_text() for path in PATHS}


def metrics_alone(folder):
    """metrics.csv of each run when nothing disturbs it."""
    return {
        spec.path: train(compose("train", TrainSettings, list(spec.overrides)), ["test"]).metrics.read_text()
        for spec in SUITE.runs(str(folder))
    }


@pytest.fixture
def cluster(monkeypatch):
    """A Ray cluster of two nodes with one CPU each."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    pytest.importorskip("ray", reason=INSTALL)
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    cluster.second = cluster.add_node(num_cpus=1)
    yield cluster
    cluster.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker", "node"])
def test_the_death_of_a_worker_or_a_node_is_survived(victim, cluster, tmp_path):
    out = tmp_path / "tiny"

    def disturb():
        if victim == "node":
            cluster.remove_node(cluster.second)
        else:
            os.kill(read_status(out / "logs" / f"{PATHS[0]}.json").pid, signal.SIGKILL)

    ended, logs = carried_out(out, lambda: RayPool(cluster.address, 1, 1), disturb)
    assert {path: status.state for path, status in ended.items()} == dict.fromkeys(PATHS, FINISHED)
    resumed = [path for path, log in logs.items() if "continues at step" in log]
    assert resumed == PATHS[:1] if victim == "worker" else len(resumed) == 1
    assert all(log.count("$ nearsym train") == (2 if path in resumed else 1) for path, log in logs.items())
    alone = metrics_alone(tmp_path / "alone")
    assert {path: (out / path / "metrics.csv").read_text() for path in PATHS} == alone
    saved = json.loads((out / "suite.json").read_text())["runs"]
    assert all(run["state"] == FINISHED for run in saved)


@pytest.mark.slow
def test_a_worker_that_dies_every_time_is_a_failure(cluster, tmp_path, monkeypatch):
    """Negative control of the test above: without Ray's retries the death of a worker is the end of its run."""
    monkeypatch.setattr("nearsym.agents.comparison.launch_ray.DEATHS", 0)
    out = tmp_path / "tiny"

    def disturb():
        os.kill(read_status(out / "logs" / f"{PATHS[0]}.json").pid, signal.SIGKILL)

    ended, _ = carried_out(out, lambda: RayPool(cluster.address, 1, 1), disturb)
    assert [ended[path].state for path in PATHS] == [FAILED, FINISHED]
    assert ended[PATHS[0]].message.startswith("Ray: ")


@pytest.mark.slow
def test_an_address_without_a_cluster_is_named():
    pytest.importorskip("ray", reason=INSTALL)
    with pytest.raises(InputError, match=r"^no Ray cluster answers at address=auto: "):
        RayPool("auto", 1, 1)


def submitit_here(out):
    return SlurmPool(out, "tiny", None, 1, SlurmSettings(executor="local"))


@pytest.mark.slow
def test_submitit_carries_out_a_suite(tmp_path):
    pytest.importorskip("submitit", reason=INSTALL)
    out = tmp_path / "tiny"
    ended, logs = carried_out(out, lambda: submitit_here(out), lambda: None, limit=2)
    assert {path: status.state for path, status in ended.items()} == dict.fromkeys(PATHS, FINISHED)
    assert {path: (out / path / "metrics.csv").read_text() for path in PATHS} == metrics_alone(tmp_path / "alone")
    assert all("finished: " in log for log in logs.values())


@pytest.mark.slow
def test_a_submitit_job_that_dies_is_a_failure(tmp_path):
    pytest.importorskip("submitit", reason=INSTALL)
    out = tmp_path / "tiny"

    def disturb():
        os.kill(read_status(out / "logs" / f"{PATHS[0]}.json").pid, signal.SIGKILL)
        time.sleep(1)

    ended, _ = carried_out(out, lambda: submitit_here(out), disturb, limit=2)
    assert [ended[path].state for path in PATHS] == [FAILED, FINISHED]
    assert ended[PATHS[0]].message.startswith("Slurm job ") and isinstance(ended[PATHS[0]], Status)


@pytest.mark.slow
def test_slurm_is_looked_for(tmp_path):
    pytest.importorskip("submitit", reason=INSTALL)
    with pytest.raises(InputError, match=r"^launcher=slurm finds no Slurm .*; run it where sbatch does, or use"):
        SlurmPool(tmp_path, "tiny", None, 1, SlurmSettings())
