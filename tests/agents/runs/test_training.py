"""Runs: the same metrics with and without an interruption, and nothing executed from a saved one."""

import csv
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs import checkpoint as checkpoints
from nearsym.agents.runs.evaluation import evaluate_run
from nearsym.agents.runs.settings import EnvSettings, EvaluateSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs.errors import InputError
from nearsym.networks import Relaxed

TRAIN = """
import json, sys
from nearsym.agents.runs.folder import settings_from
from nearsym.agents.runs.training import train
train(settings_from(json.load(sys.stdin)), ["test"])
"""


def tiny(folder, **changes):
    """A run of a few seconds whose checkpoints fall between its rows of metrics, and in the middle of episodes."""
    settings = TrainSettings(
        env=EnvSettings("Pendulum-v1"),
        agent=SACSettings(batch_size=16, learning_starts=100),
        network=Relaxed(width=16, relaxation_penalty=1e-3),
        seed=3,
        total_steps=700,
        run_dir=str(folder),
        eval_every=150,
        eval_episodes=1,
        checkpoint_every=130,  # in the middle of an episode
    )
    return replace(settings, **changes)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return train(tiny(tmp_path_factory.mktemp("runs") / "whole"), ["test"])


def rows(run):
    with run.metrics.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_leaves_what_it_should(uninterrupted):
    table = rows(uninterrupted)
    assert tuple(table[0])[:5] == ("step", "episodes", "train_return", "eval_return", "eval_return_std")
    assert {"critic_loss", "ent_coef", "entropy", "value", "actor_equivariance_error"} <= set(table[0])
    assert "noise" not in table[0]  # another algorithm's
    assert [int(row["step"]) for row in table] == [0, 150, 300, 450, 600, 700]
    assert all(np.isfinite(float(row["critic_loss"])) for row in table[2:])
    assert float(table[0]["actor_relaxation"]) == 0 < float(table[-1]["actor_relaxation"])
    about = json.loads((uninterrupted.folder / "about.json").read_text())
    assert about["command"] == ["test"] and about["versions"]["torch"] == torch.__version__
    assert uninterrupted.settings() == tiny(uninterrupted.folder)
    assert [path.name for path in uninterrupted.checkpoints.iterdir()] == ["step-00000700"]
    assert any(uninterrupted.tensorboard.iterdir())


@pytest.mark.parametrize("kill_after", ["step-00000130", "step-00000390"])
def test_a_killed_run_resumes_to_the_same_metrics(tmp_path, uninterrupted, kill_after):
    settings = tiny(tmp_path / "killed")
    process = subprocess.Popen([sys.executable, "-c", TRAIN], stdin=subprocess.PIPE, env={**os.environ})
    process.stdin.write(json.dumps(asdict(settings)).encode())
    process.stdin.close()
    folder, deadline = tmp_path / "killed" / "checkpoints" / kill_after, time.monotonic() + 120
    while not folder.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.3)  # some steps, perhaps rows, past the checkpoint
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    whole = uninterrupted.metrics.read_text()
    assert (tmp_path / "killed" / "metrics.csv").read_text() != whole
    resumed = train(replace(settings, resume=True), ["test"])
    assert resumed.metrics.read_text() == whole


def test_another_seed_gives_other_metrics(tmp_path, uninterrupted):
    """Negative control: equal metrics above mean something."""
    other = train(tiny(tmp_path / "other", seed=4), ["test"])
    assert other.metrics.read_text() != uninterrupted.metrics.read_text()


def test_a_finished_run_can_be_extended(tmp_path):
    first = train(tiny(tmp_path / "run", total_steps=400), ["test"])
    before = first.metrics.read_text()
    longer = train(tiny(tmp_path / "run", total_steps=600, resume=True), ["test"])
    assert longer.metrics.read_text().startswith(before)
    assert [int(row["step"]) for row in rows(longer)] == [0, 150, 300, 400, 450, 600]


def test_an_unfinished_checkpoint_is_ignored(tmp_path, monkeypatch):
    """A kill while a checkpoint is being written leaves a hidden folder and the one before."""
    settings = tiny(tmp_path / "run", total_steps=700)
    renamed, real = [], Path.rename

    def die_at_the_second(path, target):
        renamed.append(path)
        if len(renamed) == 2:
            raise KeyboardInterrupt
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.rename", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            train(settings, ["test"])
    folder = tmp_path / "run" / "checkpoints"
    assert checkpoints.latest_checkpoint(folder).name == "step-00000130"
    run = train(replace(settings, resume=True), ["test"])
    assert [path.name for path in folder.iterdir()] == ["step-00000700"]
    assert int(rows(run)[-1]["step"]) == 700


def test_an_existing_run_is_not_overwritten(uninterrupted):
    before = uninterrupted.metrics.read_text()
    with pytest.raises(InputError, match="already holds a run; continue it with resume=true"):
        train(tiny(uninterrupted.folder), ["test"])
    with pytest.raises(InputError, match=r"started with network\.width=16, not network\.width=32"):
        other = Relaxed(width=32, relaxation_penalty=1e-3)
        train(tiny(uninterrupted.folder, resume=True, network=other), ["test"])
    assert uninterrupted.metrics.read_text() == before


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="exists and holds no run"):
        train(tiny(tmp_path), ["test"])
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.fixture
def short(tmp_path):
    return train(tiny(tmp_path / "run", total_steps=250), ["test"])


@pytest.mark.parametrize("name", checkpoints.FILES)
def test_a_corrupt_checkpoint_is_refused(short, name):
    (folder,) = short.checkpoints.iterdir()
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 0xFF
    (folder / name).write_bytes(content)
    metrics = short.metrics.read_text()
    with pytest.raises(InputError, match=f"is corrupt: {name} differs from its checksum; restore"):
        train(tiny(short.folder, total_steps=400, resume=True), ["test"])
    with pytest.raises(InputError, match="is corrupt"):
        evaluate_run(EvaluateSettings(run=str(short.folder)))
    assert short.metrics.read_text() == metrics


def test_a_missing_checkpoint_is_said(short):
    (folder,) = short.checkpoints.iterdir()
    folder.rename(short.folder / "elsewhere")
    metrics = short.metrics.read_text()
    with pytest.raises(InputError, match="has no finished checkpoint any more; restore it"):
        evaluate_run(EvaluateSettings(run=str(short.folder)))
    with pytest.raises(InputError, match=r"the checkpoint of .* is missing"):
        train(tiny(short.folder, total_steps=250, resume=True), ["test"])
    assert short.metrics.read_text() == metrics


class Payload:
    """Makes a folder when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("name", ["tensors.pt", "replay.npz", "config.yaml"])
def test_nothing_in_a_run_is_executed(short, tmp_path, name):
    """Checksums are made to fit, as an attacker would."""
    (folder,) = short.checkpoints.iterdir()
    trap = tmp_path / "executed"
    pickle.loads(pickle.dumps(Payload(trap)))  # negative control: the payload works
    assert trap.exists()
    trap.rmdir()
    if name == "tensors.pt":
        torch.save({"policy": Payload(trap)}, folder / name)
    elif name == "replay.npz":
        np.savez(folder / name, observations=np.array([Payload(trap)], dtype=object))
    else:
        text = f"!!python/object/apply:os.mkdir ['{trap}']\n"
        short.config.write_text(short.config.read_text() + f"extra: {text}")
        yaml.unsafe_load(f"extra: {text}")
        assert trap.exists()
        trap.rmdir()
    if name in checkpoints.FILES:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest[name] = sha256((folder / name).read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="is corrupt" if name in checkpoints.FILES else "cannot be read"):
        evaluate_run(EvaluateSettings(run=str(short.folder)))
    assert not trap.exists()


def test_evaluation_repeats_itself_and_noise_hurts(uninterrupted):
    settings = EvaluateSettings(run=str(uninterrupted.folder), episodes=3, noise=[0.0, 0.0, 5.0])
    quiet, again, noisy = evaluate_run(settings)
    assert quiet.returns == again.returns != noisy.returns
    ordered = sorted([1.0, 2.0, 3.0, 10.0])
    level = type(quiet)(0.0, ordered)
    assert (level.mean, level.iqm) == (4.0, 2.5)
    assert level.std == pytest.approx(np.sqrt(np.mean((np.array(ordered) - 4) ** 2)))


def test_a_period_of_undivided_data_is_refused(uninterrupted):
    with pytest.raises(InputError, match="split=dev names a period of data that are divided in time, and those of"):
        evaluate_run(EvaluateSettings(run=str(uninterrupted.folder), split="dev"))


def test_diverged_training_is_said(tmp_path):
    agent = SACSettings(batch_size=16, learning_starts=10, learning_rate=1e30)
    with pytest.raises(InputError, match=r"training diverged: \w+ is (nan|inf|-inf) at step \d+; lower"):
        train(tiny(tmp_path / "run", agent=agent), ["test"])
