"""A suite of a few short runs, as the launching tests carry it out or pretend to."""

from functools import cache

import pytest

from nearsym.agents.comparison.check import settings_of
from nearsym.agents.comparison.launch import jobs_of, states_at_start
from nearsym.agents.comparison.settings import CompareSettings
from nearsym.agents.comparison.suite import Network, Suite, Task
from nearsym.agents.comparison.suite_folder import SuiteFolder
from nearsym.agents.runs.settings import TrainSettings
from nearsym.scripts.compose import compose

FAMILIES = ["exact", "plain", "relaxed", "rpp"]
TINY = Suite(
    name="tiny",
    tasks=(Task("Pendulum-v1", 200, {"max_episode_steps": 25}),),
    networks=(Network("relaxed", "relaxed"), Network("plain", "plain")),
    seeds=(0, 1),
    overrides=(
        "network.width=16",
        "agent.batch_size=16",
        "agent.learning_starts=20",
        "eval_every=40",
        "eval_episodes=1",
        "checkpoint_every=50",
    ),
    episodes=2,
    noise=(0.0, 0.1),
)


@cache
def composed(overrides):
    """Settings of `nearsym train`."""
    return compose("train", TrainSettings, list(overrides))


@pytest.fixture
def tiny():
    return TINY


@pytest.fixture
def folder_of():
    """Opens the folder of a suite."""
    return lambda out, suite=TINY: SuiteFolder(out, suite, FAMILIES)


@pytest.fixture
def prepare(folder_of):
    """The folder of a suite, the jobs of its runs, and where they stand."""

    def prepared(out, suite=TINY, **settings):
        folder = folder_of(out, suite)
        jobs = jobs_of(folder, CompareSettings(**settings), settings_of(folder.runs, composed))
        return folder, jobs, states_at_start(jobs, folder)

    return prepared
