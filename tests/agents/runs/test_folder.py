"""What a run's folder keeps: nothing is padded, overwritten, deleted or started over that is not the run's own."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import gymnasium
import numpy as np
import pytest
import torch
import yaml

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs import checkpoint as checkpoints
from nearsym.agents.runs.evaluation import evaluate_run, load_learner
from nearsym.agents.runs.folder import LOCK, SAVED, Run
from nearsym.agents.runs.lock import take_lock
from nearsym.agents.runs.settings import EnvSettings, EvaluateSettings, TrainSettings
from nearsym.agents.runs.symmetry_file import check_symmetry, described
from nearsym.agents.runs.training import train
from nearsym.envs.atomic_file import write_atomic
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import family

MIRROR = Symmetry.reflection(observation=[-1, -1], action=[-1])


class Short(gymnasium.Env):
    """Episodes of five steps; fails at the step that is asked for."""

    observation_space = gymnasium.spaces.Box(-9, 9, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)
    symmetry = MIRROR
    done = 0

    def __init__(self, fails=None):
        self.fails = fails

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.steps = self.np_random.uniform(-1, 1, 2).astype(np.float32), 0
        return self.x, {}

    def step(self, action):
        Short.done += 1
        if self.fails is not None and Short.done > self.fails:
            raise RuntimeError("the rope has snapped")
        self.x, self.steps = 0.9 * self.x + 0.1 * np.float32(action[0]), self.steps + 1
        return self.x, -float(np.abs(self.x).sum()), False, self.steps == 5, {}


@pytest.fixture(autouse=True)
def registered():
    gymnasium.register("ShortRuns-v0", Short, disable_env_checker=True)
    Short.done, Short.symmetry = 0, MIRROR
    yield
    del gymnasium.registry["ShortRuns-v0"]


def tiny(folder, network="plain", kwargs=None, **changes):
    settings = TrainSettings(
        env=EnvSettings("ShortRuns-v0", kwargs or {}),
        agent=SACSettings(batch_size=4, learning_starts=4),
        network=family(network, width=8),
        total_steps=20,
        run_dir=str(folder),
        eval_every=5,
        eval_episodes=1,
        checkpoint_every=10,
    )
    return replace(settings, **changes)


@pytest.fixture
def run(tmp_path):
    return train(tiny(tmp_path / "run"), ["test"])


def longer(run):
    return tiny(run.folder, total_steps=30, resume=True)


@pytest.mark.parametrize("spoil", ["cut", "empty", "gone"])
def test_missing_rows_are_not_padded(run, spoil):
    whole = run.metrics.read_bytes()
    if spoil == "gone":
        run.metrics.unlink()
    else:
        run.metrics.write_bytes(whole[: len(whole) // 2 if spoil == "cut" else 0])
    left = run.metrics.read_bytes() if run.metrics.exists() else None
    with pytest.raises(
        InputError, match=rf"metrics\.csv has \d+ bytes, and the checkpoint was saved after {len(whole)}"
    ):
        train(longer(run), ["test"])
    assert (run.metrics.read_bytes() if run.metrics.exists() else None) == left
    run.metrics.write_bytes(whole)  # negative control
    assert train(longer(run), ["test"]).metrics.read_bytes().startswith(whole)


@pytest.mark.parametrize("how", ["removed", "emptied"])
@pytest.mark.parametrize("steps", [20, 8])  # beyond the first checkpoint_every, and below it
def test_a_run_whose_checkpoints_are_gone_is_not_started_over(tmp_path, how, steps):
    run = train(tiny(tmp_path / "run", total_steps=steps), ["test"])
    shutil.rmtree(run.checkpoints)
    if how == "emptied":
        run.checkpoints.mkdir()
    metrics = run.metrics.read_bytes()
    with pytest.raises(InputError, match=r"the checkpoint of .* is missing: .* restore it from a copy"):
        train(longer(run), ["test"])
    about = json.loads(run.about.read_text())
    run.about.write_text(json.dumps({key: value for key, value in about.items() if key != SAVED}))
    with pytest.raises(InputError, match=r"is missing"):  # of a version that left no note
        train(tiny(run.folder, total_steps=steps, resume=True), ["test"])
    assert run.metrics.read_bytes() == metrics


def test_a_run_that_had_not_saved_begins_again(tmp_path):
    """Killed between the folder of checkpoints and the first of them, after two evaluations."""
    whole = train(tiny(tmp_path / "whole"), ["test"]).metrics.read_bytes()
    Short.done = 0
    with pytest.raises(InputError, match="the rope has snapped"):
        train(tiny(tmp_path / "run", kwargs={"fails": 24}), ["test"])
    run = Run(tmp_path / "run")
    assert not run.checkpoints.exists() and run.metrics.read_bytes().count(b"\n") > 2 and not run.is_blank()
    with pytest.raises(InputError, match="already holds a run"):
        train(tiny(run.folder), ["test"])
    run.checkpoints.mkdir()
    (run.checkpoints / ".step-00000010.writing").mkdir()
    saved = yaml.safe_load(run.config.read_text())
    run.config.write_text(yaml.safe_dump({**saved, "env": {**saved["env"], "kwargs": {}}}))
    assert train(tiny(run.folder, resume=True), ["test"]).metrics.read_bytes() == whole


@pytest.mark.parametrize("fails", [0, 5, 7])  # in the first evaluation, at the first step, soon after
@pytest.mark.parametrize("resume", [False, True])
def test_a_failed_beginning_does_not_block_the_folder(tmp_path, fails, resume):
    with pytest.raises(InputError, match="the rope has snapped"):
        train(tiny(tmp_path / "run", kwargs={"fails": fails}), ["test"])
    assert Run(tmp_path / "run").is_blank()
    mended = tiny(tmp_path / "run", resume=resume)
    assert train(mended, ["again"]).metrics.read_bytes() == train(tiny(tmp_path / "b"), ["test"]).metrics.read_bytes()
    assert json.loads(Run(tmp_path / "run").about.read_text())["command"] == ["again"]
    assert Run(tmp_path / "run").settings() == replace(mended, resume=resume)


@pytest.mark.parametrize("left", [[], ["about.json"], ["about.json", "symmetry.json", ".config.yaml.x1"], [LOCK]])
def test_a_kill_before_there_is_a_run_leaves_nothing_in_the_way(tmp_path, left):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in left:
        (folder / name).write_text("{")
    assert train(tiny(folder), ["test"]).settings() == tiny(folder)
    assert not Run(folder).is_blank()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")  # negative control
    with pytest.raises(InputError, match="exists and holds no run"):
        train(tiny(tmp_path / "mine"), ["test"])
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_what_others_put_beside_checkpoints_stays(tmp_path):
    half = train(tiny(tmp_path / "run", total_steps=10), ["test"])
    theirs = [half.checkpoints / "notes.txt", half.checkpoints / "step-00000010-copy" / "tensors.pt"]
    theirs += [half.checkpoints / "step-mine" / "x", half.checkpoints / "step-00000010" / "why.txt"]
    (half.checkpoints / "step-00000099").write_text("a file, no checkpoint")
    for path in theirs:
        path.parent.mkdir(exist_ok=True)
        path.write_text("theirs")
    train(tiny(half.folder, resume=True), ["test"])
    assert all(path.read_text() == "theirs" for path in theirs)
    assert not (half.checkpoints / "step-00000010" / "tensors.pt").exists()  # ours
    assert checkpoints.latest_checkpoint(half.checkpoints).name == "step-00000020"


def test_checkpoints_are_counted_not_sorted(tmp_path):
    for name in ("step-99999999", "step-100000000", "step-00000005"):
        (tmp_path / name).mkdir()
    assert checkpoints.latest_checkpoint(tmp_path).name == "step-100000000"


def test_a_checkpoint_replaced_while_it_is_read_is_no_damage(run, monkeypatch):
    """The first look finds the one before, which the run that goes on deletes."""
    (newest,) = run.checkpoints.iterdir()
    before = shutil.copytree(newest, run.checkpoints / "step-00000015")
    real, looked = checkpoints.latest_checkpoint, []

    def look(folder):
        looked.append(folder)
        if len(looked) > 1:
            return real(folder)
        (before / "tensors.pt").unlink()
        return before

    monkeypatch.setattr(checkpoints, "latest_checkpoint", look)
    assert load_learner(run.folder)[0].run_dir == str(run.folder) and len(looked) == 2
    (newest / "tensors.pt").unlink()  # negative control: damage is still said
    with pytest.raises(InputError, match="is corrupt"):
        load_learner(run.folder)


HOLD = """
import sys, time
from pathlib import Path
from nearsym.agents.runs.lock import take_lock
take_lock(Path(sys.argv[1]), 0, "taken")
print("held", flush=True)
time.sleep(100)
"""


def test_one_process_trains_in_a_folder(run):
    metrics, listed = run.metrics.read_bytes(), sorted(run.folder.iterdir())
    command = [sys.executable, "-c", HOLD, str(run.folder / LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf"another process is training in run_dir={run.folder}; wait for it"):
            train(longer(run), ["test"])
        assert run.metrics.read_bytes() == metrics and sorted(run.folder.iterdir()) == listed
        evaluate_run(EvaluateSettings(str(run.folder), episodes=1))  # reads alone
        other.kill()
    train(longer(run), ["test"])
    take_lock(run.folder / LOCK, 0, "let go after training").close()


@pytest.mark.parametrize("key", ["threads", "device"])
def test_other_digits_are_said(run, key, monkeypatch):
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)
    changed = replace(longer(run), **{key: 2 if key == "threads" else "auto"})
    with pytest.warns(UserWarning, match=rf"goes on with {key}=\w+ instead of \w+, which may change the last digits"):
        train(changed, ["test"])
    train(tiny(run.folder, total_steps=31, resume=True), ["test"])  # negative control: warnings are errors


@pytest.mark.parametrize("network", ["plain", "exact"])
def test_another_symmetry_is_refused(tmp_path, network):
    run = train(tiny(tmp_path / "run", network), ["test"])
    evaluate_run(EvaluateSettings(str(run.folder), episodes=1))
    Short.symmetry = Symmetry.reflection(observation=[-1, 1], action=[-1])
    message = r"another than the run in .* was trained with: the sign of \S+ on the observation was \[-1, -1\] and is"
    with pytest.raises(InputError, match=message):
        train(tiny(run.folder, network, total_steps=30, resume=True), ["test"])
    if network == "plain":  # it acts the same under any
        evaluate_run(EvaluateSettings(str(run.folder), episodes=1))
    else:
        with pytest.raises(InputError, match=message):
            evaluate_run(EvaluateSettings(str(run.folder), episodes=1))
    run.symmetry.unlink()  # of a version that kept none
    evaluate_run(EvaluateSettings(str(run.folder), episodes=1))


def turned(angle):
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return Symmetry.generated(observation=[turn], action=[[1]])


def plane(side):
    return Symmetry.image(plane=[[side, -side]], action=[[-1]], shape=(3, 84, 84))


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        (turned(2 * np.pi / 5), turned(2 * np.pi / 3), "its group was C5 and is C3"),
        (turned(2 * np.pi / 5), turned(4 * np.pi / 5), "the matrices of"),
        (plane(-1), plane(1), "the observation is moved otherwise"),
        (
            Symmetry.generated(observation={"a": [[1, 0, 2], [1, 2, 0]]}, action=[[0], [0]]),
            Symmetry.generated(observation={"b": [[1, 0, 2], [1, 2, 0]]}, action=[[0], [0]]),
            "it moved observation 'a', action and moves observation 'b', action",
        ),
    ],
)
def test_symmetries_are_told_apart(tmp_path, one, other, difference):
    path = tmp_path / "symmetry.json"
    path.write_text(json.dumps(described(one)))
    check_symmetry(path, one)
    with pytest.raises(InputError, match=difference):
        check_symmetry(path, other)
    path.write_text("[]")
    with pytest.raises(InputError, match="cannot be read"):
        check_symmetry(path, one)


def tensors(**changes):
    return lambda path: torch.save({**torch.load(path, weights_only=True), **changes}, path)


OTHER_ACTIONS = {**np.random.PCG64().state, "uinteger": -1}
"""Of a generator that cannot be so: numpy finds the number too large."""


def of_learner(**changes):
    def spoil(path):
        held = torch.load(path, weights_only=True)
        torch.save({**held, "learner": {**held["learner"], **changes}}, path)

    return spoil


def written(content):
    return lambda path: path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("tensors.pt", lambda path: torch.save(torch.zeros(2), path)),
        ("tensors.pt", lambda path: torch.save([1], path)),
        ("tensors.pt", lambda path: torch.save({}, path)),
        ("tensors.pt", tensors(learner=[])),
        ("tensors.pt", of_learner(actions=OTHER_ACTIONS)),
        ("tensors.pt", tensors(generators={})),
        ("tensors.pt", lambda path: path.write_bytes(b"")),
        ("tensors.pt", lambda path: torch.save({"learner": np.random.default_rng(0)}, path)),
        ("replay.npz", lambda path: np.savez(path, numpy_key=np.zeros(3))),
        ("replay.npz", lambda path: path.write_text("x")),
        ("state.json", written([])),
        ("state.json", written({})),
        ("state.json", written({"numpy": [], "python": [1], "progress": {}})),
        ("state.json", written(3)),
        ("manifest.json", written([])),
    ],
)
def test_what_a_checkpoint_should_not_hold_is_one_line(run, name, spoil):
    """Checksums fit; torch's advice to load it unsafely is not passed on."""
    (folder,) = run.checkpoints.iterdir()
    metrics = run.metrics.read_bytes()
    spoil(folder / name)
    if name != "manifest.json":
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest[name] = sha256((folder / name).read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"is corrupt|belongs to another") as caught:
        train(longer(run), ["test"])
    assert "weights_only" not in str(caught.value) and "\n" not in str(caught.value)
    assert run.metrics.read_bytes() == metrics


def test_wrong_progress_is_one_line(run):
    (folder,) = run.checkpoints.iterdir()
    state = json.loads((folder / "state.json").read_text())
    odd = [
        *({"means": {"loss": each}} for each in ([], [1], "ab", [1, 0], [None, 1], 3)),
        {"playing": None},
        {"step": "x"},
        *({"returns": each} for each in ("x", 3, [1, 2], [None], [[]], ["x"])),
        *({"playing": [each]} for each in ("x", -1, None, 1.5, [0])),
    ]
    for progress in ({}, [], *({**state["progress"], **each} for each in odd)):
        (folder / "state.json").write_text(json.dumps({**state, "progress": progress}))
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["state.json"] = sha256((folder / "state.json").read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))
        with pytest.raises(InputError, match="is corrupt"):
            train(longer(run), ["test"])


def test_a_device_stays_a_device(tmp_path):
    link = tmp_path / "nowhere"
    link.symlink_to("/dev/null")  # a link, so that it alone is lost where this fails
    write_atomic(link, "text")
    assert link.is_symlink() and not link.is_file()
    write_atomic(tmp_path / "file", "text")
    assert (tmp_path / "file").read_text() == "text" and len(list(tmp_path.iterdir())) == 2
