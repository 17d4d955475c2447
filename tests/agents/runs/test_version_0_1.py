"""Runs that version 0.1 saved (tests/agents/runs/data/version_0_1) are evaluated and continued by this one."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nearsym.agents.runs.evaluation import evaluate_run, load_learner
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.settings import EvaluateSettings
from nearsym.agents.runs.training import train
from nearsym.networks import RPP, Relaxed

DATA = Path(__file__).parent / "data" / "version_0_1"
ACTIONS_OF_0_1 = [-0.1870999, -0.0990162, -0.0084946, 0.0046848, -0.0033684, -0.0107144, -0.2278446, 0.2951730]
"""The deterministic actions of the agent ``drqsac``, by the code of 0.1."""


def copied(name, tmp_path):
    return Path(shutil.copytree(DATA / name, tmp_path / name))


def test_its_policy_is_the_one_that_was_saved(tmp_path):
    """By the returns that 0.1 wrote, to their last digits."""
    folder = copied("sac", tmp_path)
    saved = json.loads((folder / "evaluation.json").read_text())["levels"]
    levels = evaluate_run(EvaluateSettings(str(folder), episodes=2, noise=[0.0, 0.1]))
    for level, before in zip(levels, saved, strict=True):
        np.testing.assert_allclose(level.returns, before["returns"], rtol=1e-6)


def test_its_policy_of_images_is_the_one_that_was_saved():
    """By what 0.1 did on frames of noise: processors do not draw the same cartpole to the last digit."""
    _, learner = load_learner(DATA / "drqsac")
    frames = np.random.default_rng(0).integers(0, 256, (8, 9, 21, 21), dtype=np.uint8)
    actions = np.concatenate([learner.predict(frame)[0] for frame in frames])
    np.testing.assert_allclose(actions, ACTIONS_OF_0_1, atol=2e-6)


def test_settings_have_their_present_names():
    sac, drqsac = (Run(DATA / name).settings() for name in ("sac", "drqsac"))
    assert sac.network == Relaxed(width=8, relaxation_penalty=3e-4) and drqsac.network == RPP(width=8)
    assert drqsac.agent.name == "sac" and drqsac.agent.first_temperature == 0.1 and drqsac.agent.log_std_min == -10
    assert sac.agent.first_temperature == 1.0


@pytest.mark.parametrize("name", ["sac", "market", "drqsac"])
def test_it_is_continued(name, tmp_path):
    folder = copied(name, tmp_path)
    settings = replace(Run(folder).settings(), run_dir=str(folder), resume=True, total_steps=90)
    before = (folder / "metrics.csv").read_text()
    run = train(settings, ["test"])
    assert run.metrics.read_text().startswith(before)
    with run.metrics.open(newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert int(last["step"]) == 90 and np.isfinite(float(last["critic_loss"])) and np.isfinite(float(last["ent_coef"]))


def test_a_market_is_loaded():
    settings, learner = load_learner(DATA / "market")
    assert settings.network.window_channels == 1
    assert learner.steps == 0 and learner.observation_rep.dim == 20 * 9
