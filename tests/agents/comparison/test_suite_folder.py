"""What a folder of runs says of itself: what is finished, what is left, and which suite it belongs to."""

import json
import os
import shutil
from dataclasses import replace

import pytest

from nearsym.agents.comparison.status import FINISHED, WAITING
from nearsym.agents.comparison.suite import Network, Suite, Task
from nearsym.agents.comparison.version_0_1 import translated
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.metrics import last_row
from nearsym.envs.errors import InputError

RUN = "Pendulum-v1/none/relaxed/seed0"


@pytest.fixture
def compared(tmp_path, prepare):
    """A folder as the tiny suite leaves it, as far as it is looked at."""
    out = tmp_path / "tiny"
    folder, jobs, _ = prepare(out)
    folder.open()
    for job in jobs:
        checkpoint = job.run.checkpoints / "step-00000200"
        checkpoint.mkdir(parents=True)
        (checkpoint / "manifest.json").write_text("{}")
        job.run.config.write_text("")
        report = {"episodes": 2, "levels": [{"noise": 0.0}, {"noise": 0.1}]}
        (job.run.folder / "evaluation.json").write_text(json.dumps(report))
    folder.close()
    return out


@pytest.mark.parametrize(
    ("change", "unfinished"),
    [
        (lambda suite: {}, 0),
        (lambda suite: {"seeds": (0, 1, 2)}, 2),
        (lambda suite: {"networks": (*suite.networks, Network("exact", "exact"))}, 2),
        (lambda suite: {"tasks": (*suite.tasks, Task("dmc/cartpole-swingup", 10))}, 4),
    ],
)
def test_what_is_added_is_all_that_is_left_to_do(compared, tiny, prepare, change, unfinished):
    _, _, states = prepare(compared, replace(tiny, **change(tiny)))
    assert sum(status.state == WAITING for status in states.values()) == unfinished


def test_a_run_without_its_evaluation_is_not_finished(compared, prepare):
    evaluation = compared / RUN / "evaluation.json"
    content = evaluation.read_text()
    for spoiled in (content.replace("0.1", "0.3"), content.replace('"episodes": 2', '"episodes": 1'), "{", None):
        evaluation.unlink() if spoiled is None else evaluation.write_text(spoiled)
        assert prepare(compared)[2][RUN].state == WAITING
    evaluation.write_text(content)
    assert prepare(compared)[2][RUN].state == FINISHED
    os.utime(evaluation, (0, 0))  # older than the checkpoint
    assert prepare(compared)[2][RUN].state == WAITING
    evaluation.write_text(content)


def test_a_run_that_has_not_reached_its_last_step_is_not_finished(compared, prepare):
    checkpoint = compared / RUN / "checkpoints" / "step-00000200"
    checkpoint.rename(checkpoint.with_name("step-00000150"))
    assert prepare(compared)[2][RUN].state == WAITING


def test_published_runs_without_checkpoints_are_finished(compared, prepare):
    shutil.rmtree(compared / RUN / "checkpoints")
    assert prepare(compared)[2][RUN].state == WAITING
    (compared / RUN / "metrics.csv").write_text("step,eval_return\n0,1.0\n200,2.5\n")
    assert prepare(compared)[2][RUN].state == FINISHED
    assert last_row(Run(compared / RUN).metrics) == (200, 2.5)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (lambda suite: {"name": "other"}, "its name was 'tiny' and is 'other'"),
        (lambda suite: {"seeds": (1, 2)}, f"{RUN} is no longer one of its runs"),
        (
            lambda suite: {"overrides": ("network.width=32", *suite.overrides[1:])},
            f"{RUN} had network.width=16 and has network.width=32",
        ),
        (lambda suite: {"overrides": suite.overrides[1:]}, f"{RUN} had network.width=16 and has nothing"),
        (lambda suite: {"overrides": suite.overrides[::-1]}, f"the order of its overrides for {RUN} is another"),
        (lambda suite: {"noise": (0.0,)}, f"{RUN} had noise=[0,0.1] and has noise=[0]"),
        (
            lambda suite: {"tasks": (replace(suite.tasks[0], total_steps=300),)},
            f"{RUN} had total_steps=200 and has total_steps=300",
        ),
    ],
)
def test_a_changed_suite_is_refused(compared, tiny, folder_of, change, difference):
    with pytest.raises(InputError) as caught:
        folder_of(compared, replace(tiny, **change(tiny)))
    assert str(caught.value) == (
        f"the suite has changed since the runs in {compared} were started: {difference}; choose another out, or take "
        "the change back (further tasks, perturbations, networks and seeds may be added)"
    )


def test_a_folder_of_something_else_is_refused(tmp_path, folder_of):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError) as caught:
        folder_of(tmp_path)
    assert str(caught.value) == f"out={tmp_path} exists and holds no suite; choose another out"
    with pytest.raises(InputError) as caught:
        folder_of(tmp_path / "notes.txt")
    assert str(caught.value) == f"out={tmp_path}/notes.txt is a file; choose another out"


def test_a_suite_without_runs_may_be_changed(tmp_path, tiny, folder_of):
    first = folder_of(tmp_path / "out")
    first.open()
    first.close()
    folder_of(tmp_path / "out", replace(tiny, name="other"))


def test_one_comparison_at_a_time_in_a_folder(tmp_path, folder_of):
    first, second = (folder_of(tmp_path / "out") for _ in range(2))
    first.open()
    with pytest.raises(InputError) as caught:
        second.open()
    taken = f"another nearsym compare is at work in {tmp_path}/out; wait for it, or choose another out"
    assert str(caught.value) == taken
    first.close()
    second.open()
    second.close()


VERSION_0_1 = """
name: old
tasks:
- {id: Pendulum-v1, kwargs: {}, total_steps: 200, perturbations: [{}]}
networks:
- plain: {choice: plain}
- slow: {choice: relaxed, network.banks: 2, network.relaxation_rate: 1}
seeds: [0]
overrides: [network.width=16, eval_every=40]
evaluate: {episodes: 2, noise: [0.0]}
"""


def test_a_suite_that_version_0_1_started_goes_on(tmp_path, folder_of):
    out = tmp_path / "out"
    for name in ("plain", "slow"):
        (out / f"Pendulum-v1/none/{name}/seed0").mkdir(parents=True)
        (out / f"Pendulum-v1/none/{name}/seed0/config.yaml").write_text("")
    (out / "suite.yaml").write_text(VERSION_0_1)
    slow = {"network.banks": 2, "network.relaxed_lr_multiplier": 1}
    suite = Suite(
        name="old",
        tasks=(Task("Pendulum-v1", 200),),
        networks=(Network("plain", "plain"), Network("slow", "relaxed", slow)),
        seeds=(0,),
        overrides=("network.width=16", "eval_every=40"),
        episodes=2,
    )
    folder = folder_of(out, suite)
    folder.open()
    folder.close()
    assert "relaxed_lr_multiplier: 1" in (out / "suite.yaml").read_text()
    (out / "suite.yaml").write_text(VERSION_0_1)
    slow["network.relaxed_lr_multiplier"] = 10
    with pytest.raises(InputError, match=r"had network.relaxed_lr_multiplier=1 and has .*=10;"):
        folder_of(out, suite)


def test_overrides_of_version_0_1_have_their_present_names():
    content = {"networks": ["plain"], "overrides": ["network.series_channels=4", "env.kwargs.choice=1", 3]}
    assert translated(content) == {
        "networks": ["plain"],
        "overrides": ["network.window_channels=4", "env.kwargs.choice=1", 3],
    }
    assert translated([1]) == [1]
