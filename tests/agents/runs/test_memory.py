"""A policy with memory: carried from step to step, begun anew with every episode, and saved with a run."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from nearsym.agents.algorithms import LEARNERS
from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.sac import SACLearner, SACSettings
from nearsym.agents.runs.evaluation import load_learner
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.networks import family


@pytest.fixture
def counting():
    """SAC that counts its steps in an episode, and acts the weaker the longer it has."""

    @dataclass(frozen=True)
    class Settings(SACSettings):
        """Of SAC."""

        name: str = "counting"

    class Counting(SACLearner):
        settings_type = Settings
        has_memory = True

        def beginning(self, episodes):
            return {"steps": torch.zeros(len(episodes))}

        def act(self, observations, memory, *, explore):
            actions, _ = super().act(observations, memory, explore=explore)
            weaker = np.cos(0.05 * memory["steps"].numpy())[:, None].astype(np.float32)
            return weaker * actions, {"steps": memory["steps"] + 1}

    yield Settings
    del LEARNERS["counting"]


def settings(folder, kind, **changes):
    run = TrainSettings(
        env=EnvSettings("Pendulum-v1", count=2),
        agent=kind(batch_size=16, learning_starts=40),
        network=family("plain", width=16),
        total_steps=500,
        eval_every=250,
        eval_episodes=1,
        checkpoint_every=1000,
        run_dir=str(folder),
    )
    return replace(run, **changes)


def test_it_is_saved_with_a_run(counting, tmp_path, monkeypatch):
    """250 steps are 125 of each environment, in the middle of episodes of 200."""
    kind = counting
    whole = train(settings(tmp_path / "whole", kind), ["test"]).metrics.read_text().splitlines()

    def halves(folder):
        train(settings(folder, kind, total_steps=250), ["test"])
        return train(settings(folder, kind, resume=True), ["test"]).metrics.read_text().splitlines()

    assert halves(tmp_path / "halves")[-1] == whole[-1]
    with monkeypatch.context() as patch:  # negative control: forgetting at the resumption shows
        patch.setattr("nearsym.agents.runs.training.interact", lambda *parts: interact(*parts[:3]))
        assert halves(tmp_path / "forgetful")[-1] != whole[-1]


def test_it_is_carried_through_an_audit(counting, tmp_path):
    run = train(settings(tmp_path / "run", counting, total_steps=100, eval_every=100), ["test"])
    _, learner = load_learner(run.folder)
    found = inspect_learner(learner, make("Pendulum-v1"), samples=120, seed=0)
    assert np.isfinite(found.actor).all() and len(found.visited) == 2
    with pytest.raises(InputError, match="agent=counting has a memory, which predict does not carry on"):
        learner.predict(np.zeros(3, dtype=np.float32))
