"""Runs whose files hold other things than they should: one sentence that names the file, and nothing is written."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from nearsym.agents.algorithms import LEARNERS
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.report.loading import read_comparison
from nearsym.agents.runs.build import build_world, problem_of
from nearsym.agents.runs.checkpoint import load_latest
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.memory import check_memory, memory
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs.errors import InputError
from nearsym.envs.typed import check_types
from nearsym.networks import FAMILIES, family

SMALL = TrainSettings(
    env=EnvSettings("Pendulum-v1", {"max_episode_steps": 10}),
    agent=SACSettings(batch_size=4, learning_starts=4),
    network=family("plain", width=8),
    total_steps=10,
    eval_every=5,
    eval_episodes=1,
    checkpoint_every=5,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return train(replace(SMALL, run_dir=str(tmp_path_factory.mktemp("runs") / "run")), ["test"])


@pytest.fixture
def run(trained):
    kept = {path: path.read_bytes() for path in trained.folder.rglob("*") if path.is_file()}
    yield trained
    for path, content in kept.items():
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"total_steps": "many"}, r"config.yaml cannot be read \(must be real number, not str\)"),
        ({"total_steps": 1.5}, "config.yaml: total_steps is 1.5, expected a whole number"),
        ({"pixels": "yes"}, "config.yaml: pixels is 'yes', expected true or false"),
        ({"seed": -1}, "config.yaml: seed is -1, expected a number >= 0"),
        ({"symmetry": 3}, "config.yaml: symmetry is 3, expected text or null"),
        ({"network": None}, "config.yaml cannot be read"),
        ({"env": {"id": 3}}, "config.yaml: env.id is 3, expected text"),
        ({"env": {"id": "a", "kwargs": {1: 2}}}, "config.yaml: env.kwargs is {1: 2}, expected a mapping"),
        ({"unknown": 3}, "config.yaml cannot be read .*unexpected keyword argument 'unknown'"),
    ],
)
def test_settings_of_other_kinds(run, change, message):
    saved = yaml.safe_load(run.config.read_text())
    run.config.write_text(yaml.safe_dump({**saved, **change}))
    with pytest.raises(InputError, match=message):
        run.settings()


def test_settings_of_every_kind_are_what_they_should_be():
    for name in FAMILIES:
        check_types(TrainSettings(network=family(name)))
    for learner in LEARNERS.values():
        check_types(TrainSettings(agent=learner.settings_type()))
    check_types(replace(SMALL, agent=SACSettings(tau=1)))  # a whole number is a number


def test_a_table_of_other_columns_is_left_as_it_is(run):
    whole = run.metrics.read_text()
    run.metrics.write_text(whole.upper() + "more\n")
    other = run.metrics.read_bytes()
    longer = replace(SMALL, run_dir=str(run.folder), total_steps=20, resume=True)
    with pytest.raises(InputError, match=r"metrics.csv has no column step, so it is not what this run has written"):
        train(longer, ["test"])
    assert run.metrics.read_bytes() == other
    run.metrics.write_bytes(b"\xff\x00" * len(whole))
    with pytest.raises(InputError, match=r"metrics.csv has no column step"):
        train(longer, ["test"])


def test_a_checkpoint_of_another_name_is_not_gone_on_with(run):
    """It would be deleted with those that are older than the next one."""
    moved = run.checkpoints / "step-00000099"
    (run.checkpoints / "step-00000010").rename(moved)
    try:
        with pytest.raises(InputError, match=r"step-00000099 is corrupt \(it is of step 10\)"):
            train(replace(SMALL, run_dir=str(run.folder), total_steps=20, resume=True), ["test"])
        assert moved.is_dir()
    finally:
        moved.rename(run.checkpoints / "step-00000010")


@pytest.mark.parametrize("content", [{"learner": "words"}, [1, 2], {"learner": {"optimizers": {"actor": 3}}}])
def test_reports_on_tensors_that_are_none(run, content):
    packed = io.BytesIO()
    torch.save(content, packed)
    (run.checkpoints / "step-00000010" / "tensors.pt").write_bytes(packed.getvalue())
    with pytest.raises(InputError, match=r"step-00000010 is corrupt \("):
        read_comparison(run.folder)


def test_reports_on_settings_of_other_kinds(run):
    saved = yaml.safe_load(run.config.read_text())
    for change in (
        {"env": {"id": "a", "kwargs": 3.0}},
        {"env": "Pendulum-v1"},
        {"perturbation": {None: 1.0, "wind": 1.0}},
        {"perturbation": [1.0]},
    ):
        run.config.write_text(yaml.safe_dump({**saved, **change}))
        with pytest.raises(InputError, match=r"config.yaml is not what nearsym train writes"):
            read_comparison(run.folder)


@pytest.mark.parametrize("entry", [{"seed": "x"}, {"seed": 1e999}, {"perturbation": 3}, {"path": None}])
def test_reports_on_a_suite_of_other_kinds(run, entry):
    fine = {"path": ".", "task": "a", "perturbation": {}, "network": "plain", "seed": 0, "state": "finished"}
    suite = run.folder / "suite.json"
    suite.write_text(json.dumps({"name": "a", "runs": [{**fine, **entry}]}))
    try:
        with pytest.raises(InputError, match=r"suite.json is not what nearsym compare writes"):
            read_comparison(run.folder)
    finally:
        suite.unlink()


def test_a_full_disk_leaves_the_checkpoint_before(run, monkeypatch):
    """What torch's own writer would call an iostream error."""
    before = {path: path.read_bytes() for path in run.checkpoints.rglob("*") if path.is_file()}

    def full(tensors, file):
        assert isinstance(file, io.BytesIO)  # so that writing to disk is Python's, which says what is wrong
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        train(replace(SMALL, run_dir=str(run.folder), total_steps=20, resume=True), ["test"])
    assert all(path.read_bytes() == content for path, content in before.items())


def test_memory(monkeypatch):
    assert 2**28 < memory() < 2**60
    world = build_world(SMALL, 0)
    problem = problem_of(LEARNERS["sac"], world.env, family("plain"))
    world.close()
    check_memory(SMALL, problem)
    large = replace(SMALL, network=family("plain", width=2**16, depth=2))
    monkeypatch.setattr("nearsym.agents.runs.memory.memory", lambda: 2**35 - 1)
    with pytest.raises(InputError, match=r"network.width=65536 takes at least 32.0 GB, and this machine has 32.0 GB"):
        check_memory(large, problem)
    monkeypatch.setattr("nearsym.agents.runs.memory.memory", lambda: 2**35)
    check_memory(large, problem)


def test_the_folder_of_a_run_is_what_it_was(run):
    """Control of the fixture."""
    assert Run(run.folder).settings() == replace(SMALL, run_dir=str(run.folder))


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no such device")
def test_a_device_in_place_of_a_checkpoints_file_is_not_read(run):
    """It would never end."""
    (saved,) = run.checkpoints.glob("step-*")
    (saved / "replay.npz").unlink()
    (saved / "replay.npz").symlink_to("/dev/zero")
    try:
        with pytest.raises(InputError, match=r"is corrupt: replay\.npz is no regular file"):
            load_latest(run.checkpoints)
    finally:
        (saved / "replay.npz").unlink()
