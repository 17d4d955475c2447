"""A worker of one run: told everything by a settings file, and one line when something in it does not fit."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from nearsym.agents.comparison.jobs import WORKER
from nearsym.agents.comparison.settings_file import read_settings, write_settings
from nearsym.agents.runs.settings import EnvSettings, EvaluateSettings, TrainSettings
from nearsym.networks import family


@pytest.fixture
def settings(tmp_path):
    return TrainSettings(
        env=EnvSettings("Pendulum-v1", {"max_episode_steps": 25}),
        network=family("plain", width=8),
        total_steps=30,
        eval_episodes=1,
        run_dir=str(tmp_path / "run"),
        resume=True,
    )


def worked(path, step):
    """The end of a worker that a living process has started."""
    command = [sys.executable, *WORKER, str(path), step]
    process = subprocess.Popen(
        command, cwd=path.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    out, err = process.stdout.read(), process.stderr.read()
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()
    return process.wait(), out, err


def test_settings_are_read_as_they_were_written(tmp_path, settings):
    evaluation = EvaluateSettings("runs/x", 3, [0.0, 0.1])
    write_settings(tmp_path / "x.yaml", ["nearsym", "train"], [(settings, evaluation)])
    assert read_settings(tmp_path / "x.yaml") == (["nearsym", "train"], [(settings, evaluation)])


def test_a_worker_trains_and_evaluates(tmp_path, settings):
    path = tmp_path / "seed0.yaml"
    command = ["nearsym", "train", "env=Pendulum-v1"]
    write_settings(path, command, [(settings, EvaluateSettings(settings.run_dir, 2, [0.0, 0.1]))])
    code, out, err = worked(path, "train")
    assert (code, err) == (0, "") and "Pendulum-v1, seed 0: starts" in out and f"finished: {settings.run_dir}" in out
    folder = tmp_path / "run"
    assert json.loads((folder / "about.json").read_text())["command"] == command
    assert f"written: {folder}/evaluation.json, {folder}/evaluation.png" in out
    assert worked(path, "evaluate") == (0, "", "")  # there is nothing left to do
    for file in folder.glob("evaluation*"):
        file.unlink()
    code, out, err = worked(path, "evaluate")
    assert (code, err) == (0, "") and f"written: {folder}/evaluation.json, {folder}/evaluation.png" in out
    levels = json.loads((folder / "evaluation.json").read_text())["levels"]
    assert [(level["noise"], len(level["returns"])) for level in levels] == [(0, 2), (0.1, 2)]
    assert (folder / "evaluation.png").is_file()


def test_what_does_not_fit_is_one_line(tmp_path, settings):
    path = tmp_path / "seed0.yaml"
    broken = replace(settings, env=EnvSettings("Pendulm-v1"))
    write_settings(path, ["nearsym"], [(broken, EvaluateSettings(settings.run_dir))])
    code, out, err = worked(path, "train")
    assert code == 2 and out == ""
    assert err.startswith("nearsym: ") and "Pendulm-v1" in err and err.count(os.linesep) == 1
