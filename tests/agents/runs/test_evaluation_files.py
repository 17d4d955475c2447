"""Every evaluation has files of its own; readers take the newest, and a suite the one that it asked for."""

import json
import os

import pytest

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.report.run_files import read_noise
from nearsym.agents.runs.evaluation_files import is_done, plain_files
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.settings import EnvSettings, EvaluateSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.networks import family
from nearsym.scripts.main import run as command


def settings(folder, **changes):
    return TrainSettings(
        env=EnvSettings("Pendulum-v1", {"max_episode_steps": 5}),
        agent=SACSettings(batch_size=4, learning_starts=4),
        network=family("plain", width=8),
        run_dir=str(folder),
        eval_every=10,
        eval_episodes=1,
        **{"total_steps": 10, **changes},
    )


@pytest.fixture
def trained(tmp_path):
    return train(settings(tmp_path / "run"), ["test"])


def evaluated(run, *words):
    assert command(["evaluate", str(run.folder), "episodes=2", *words]) == 0


def contents(run):
    return {path.name: path.read_bytes() for path in run.folder.glob("evaluation*")}


def test_none_overwrites_another(trained):
    every, names = {}, ["evaluation", "evaluation-2", "evaluation-3", "evaluation-4"]
    for words in (["noise=[0,0.1]"], ["noise=[0]"], ["noise=[0]", "episodes=3"], ["noise=[0]", "seed=2"]):
        evaluated(trained, *words)
        assert contents(trained).items() >= every.items()
        every = contents(trained)
    assert set(every) == {f"{name}.{ending}" for name in names for ending in ("json", "png")}
    evaluated(trained, "noise=[-0.0]")  # the second again
    assert set(contents(trained)) == set(every)
    assert contents(trained)["evaluation-2.json"] == every["evaluation-2.json"]


def test_a_later_checkpoint_is_another_evaluation(trained):
    evaluated(trained, "noise=[0,0.1]")
    first = contents(trained)
    train(settings(trained.folder, total_steps=20, resume=True), ["test"])
    assert not is_done(trained, EvaluateSettings(str(trained.folder), 2, [0.0, 0.1]))
    evaluated(trained, "noise=[0,0.1]")
    assert contents(trained).items() > first.items()
    assert is_done(trained, EvaluateSettings(str(trained.folder), 2, [0.0, 0.1]))
    steps = [json.loads(path.read_text())["asked"]["step"] for path in plain_files(trained)]
    assert steps == [10, 20]


def test_a_kind_of_noise_is_in_the_name(tmp_path):
    """And is not what a report reads."""
    folder = tmp_path / "pixels"
    words = ["env=dmc/cartpole-balance", "env.kwargs.size=21", "env.kwargs.action_repeat=200", "pixels=true"]
    words += ["agent=drqv2", "agent.filters=2", "agent.features=4", "agent.batch_size=2", "network=plain"]
    words += ["network.width=8", "total_steps=4", "agent.learning_starts=2", "eval_episodes=1", f"run_dir={folder}"]
    assert command(["train", *words]) == 0
    run = Run(folder)
    evaluated(run, "noise=[0.5]", "noise_kind=salt_and_pepper")
    assert read_noise(run) == {} and plain_files(run) == []
    assert (folder / "evaluation-salt_and_pepper.png").is_file()
    evaluated(run, "noise=[0.25]")
    assert list(read_noise(run)) == [0.25]


def test_a_report_reads_the_newest(trained):
    for level in (0.1, 0.2):
        evaluated(trained, f"noise=[{level}]")
        assert list(read_noise(trained)) == [level]
    for number in (9, 10):  # by number, not by letters
        report = {"levels": [{"noise": number, "returns": [1.0, 3.0]}]}
        (trained.folder / f"evaluation-{number}.json").write_text(json.dumps(report))
    assert read_noise(trained) == {10.0: 2.0}
    (trained.folder / "evaluation-mine.json").write_text("{}")
    assert read_noise(trained) == {10.0: 2.0}


def test_a_suites_evaluation_is_found_among_others(trained):
    wanted = EvaluateSettings(str(trained.folder), 2, [0.0, 0.1])
    for words, done in ((["noise=[0]"], False), (["noise=[0,0.1]"], True), (["noise=[0.3]"], True)):
        evaluated(trained, *words)
        assert is_done(trained, wanted) == done


@pytest.mark.parametrize("ago", [0, 10**6])
def test_a_clock_that_is_set_back_changes_nothing(trained, ago):
    """An evaluation says of which checkpoint it is; one of version 0.1 is told by its time."""
    wanted = EvaluateSettings(str(trained.folder), 2, [0.0])
    evaluated(trained, "noise=[0]")
    (path,) = plain_files(trained)
    before = path.stat().st_mtime - ago
    os.utime(path, (before, before))
    assert is_done(trained, wanted)
    content = json.loads(path.read_text())
    del content["asked"]
    path.write_text(json.dumps(content))
    os.utime(path, (before, before))
    assert is_done(trained, wanted) == (ago == 0)


def test_what_cannot_be_read_is_kept_and_written_anew_beside_it(trained):
    (trained.folder / "evaluation.json").write_text("{")
    evaluated(trained, "noise=[0]")
    assert (trained.folder / "evaluation.json").read_text() == "{"
    assert list(read_noise(trained)) == [0.0]
