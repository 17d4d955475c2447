"""Environments that never end an episode: nothing waits for ever, and a run resumes in the middle of one."""

import warnings
from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs import training
from nearsym.agents.runs.evaluation import evaluate_run
from nearsym.agents.runs.settings import EnvSettings, EvaluateSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import EpisodeLimit
from nearsym.networks import family

CUT = r"an episode has not ended after {} steps and is cut off there; .* or set eval_steps"


class Endless(gymnasium.Env):
    """Drifts, and counts its steps in the reward; `ends` ends an episode after so many."""

    observation_space = gymnasium.spaces.Box(-9, 9, (1,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def __init__(self, ends=0):
        self.ends = ends

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.steps = self.np_random.uniform(-1, 1, 1).astype(np.float32), 0
        return self.x, {}

    def step(self, action):
        self.x, self.steps = 0.9 * self.x + 0.1 * np.float32(action), self.steps + 1
        return self.x, 1.0, False, self.steps == self.ends, {}


@pytest.fixture(autouse=True)
def registered():
    gymnasium.register("EndlessRuns-v0", Endless, disable_env_checker=True)
    yield
    del gymnasium.registry["EndlessRuns-v0"]


def settings(folder, ends=0, **changes):
    run = TrainSettings(
        env=EnvSettings("EndlessRuns-v0", {"ends": ends}),
        agent=SACSettings(batch_size=4, learning_starts=4),
        network=family("plain", width=8),
        total_steps=60,
        run_dir=str(folder),
        eval_every=20,
        eval_episodes=2,
        eval_steps=7,
        checkpoint_every=25,
    )
    return replace(run, **changes)


@pytest.mark.filterwarnings("ignore:an episode has not ended")
def test_every_evaluation_ends(tmp_path):
    run = train(settings(tmp_path / "run"), ["test"])
    header, *rows = (row.split(",") for row in run.metrics.read_text().splitlines())
    assert [float(row[header.index("eval_return")]) for row in rows] == [7.0] * 4
    assert [int(row[header.index("episodes")]) for row in rows] == [0] * 4  # training goes on to LONGEST
    (level,) = evaluate_run(EvaluateSettings(str(run.folder), episodes=3))
    assert level.returns == [7.0] * 3


def test_it_is_said_once_an_environment_and_only_where_it_is_so(tmp_path):
    for ends, said in ((0, 1), (8, 1), (7, 0), (3, 0)):
        env = EpisodeLimit(Endless(ends), 7)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for _ in range(3):
                env.reset(seed=0)
                steps = 1
                while not env.step(np.zeros(1, np.float32))[3]:
                    steps += 1
                assert steps == min(7, ends or 7)
        assert len(caught) == said
    with pytest.warns(UserWarning, match=CUT.format(7)):
        train(settings(tmp_path / "run", total_steps=5), ["test"])


@pytest.mark.filterwarnings("ignore:an episode has not ended")
def test_training_episodes_are_cut_off_and_resumed(tmp_path, monkeypatch):
    """Checkpoints at 25 and 50 fall into episodes of 13 steps, which the environment itself would not end."""
    monkeypatch.setattr(training, "LONGEST", 13)
    whole = train(settings(tmp_path / "whole"), ["test"]).metrics.read_text()
    train(settings(tmp_path / "halves", total_steps=40), ["test"])
    halves = train(settings(tmp_path / "halves", resume=True), ["test"]).metrics.read_text()
    assert halves.splitlines()[-1] == whole.splitlines()[-1] and whole.splitlines()[-1].startswith("60,4,")
    raised = train(settings(tmp_path / "raised", eval_steps=31), ["test"]).metrics.read_text()
    assert raised.splitlines()[-1].startswith("60,1,")  # a larger eval_steps lets training go on as long
