"""Several environments stepped together: as many updates, every episode once, and runs that resume in mid-episode."""

import sys
import time
from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from nearsym.agents.algorithms.drqv2 import DrQv2Settings
from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs.errors import InputError
from nearsym.envs.vector import worthwhile
from nearsym.networks import family


def settings(folder, count, **changes):
    run = TrainSettings(
        env=EnvSettings("Pendulum-v1", count=count),
        agent=SACSettings(batch_size=16, learning_starts=60, train_every=2),
        network=family("relaxed", width=16),
        seed=3,
        total_steps=300,
        run_dir=str(folder),
        eval_every=120,
        eval_episodes=1,
        checkpoint_every=100,
    )
    return replace(run, **changes)


def images(folder, count, **changes):
    return settings(
        folder,
        count,
        env=EnvSettings("dmc/cartpole-balance", {"size": 21, "action_repeat": 100}, count=count, processes="false"),
        agent=DrQv2Settings(batch_size=8, learning_starts=8, filters=4, features=8),
        pixels=True,
        total_steps=36,
        eval_every=12,
        checkpoint_every=12,
        **changes,
    )


@pytest.mark.parametrize("make", [settings, images])
def test_a_run_goes_on_in_the_middle_of_its_episodes(make, tmp_path):
    whole = train(make(tmp_path / "whole", 3), ["test"]).metrics.read_text().splitlines()
    half = make(tmp_path / "halves", 3)
    train(replace(half, total_steps=half.total_steps // 2), ["test"])
    resumed = train(replace(half, resume=True), ["test"]).metrics.read_text().splitlines()
    assert resumed[-1] == whole[-1]
    alone = train(make(tmp_path / "alone", 1), ["test"]).metrics.read_text().splitlines()
    assert alone[-1] != whole[-1]  # negative control: several environments are another run
    with pytest.raises(InputError, match=r"started with env\.count=3, not env\.count=2"):
        train(make(tmp_path / "halves", 2, resume=True), ["test"])


class Heard:
    """A reporter that remembers what it was told at the start."""

    def started(self, step, summary):
        self.notes = []

    def note(self, line):
        self.notes.append(line)

    def progress(self, progress):
        pass


def in_processes(run, processes):
    return replace(run, env=replace(run.env, processes=processes))


@pytest.mark.parametrize("make", [settings, pytest.param(images, marks=pytest.mark.slow)])
def test_environments_in_processes_of_their_own_are_the_same_run(make, tmp_path):
    whole, reporter = train(in_processes(make(tmp_path / "whole", 2), "false"), ["test"]).metrics.read_text(), Heard()
    half = make(tmp_path / "halves", 2)
    first = in_processes(replace(half, total_steps=half.total_steps // 2), "true")
    train(first, ["test"], reporter)
    assert reporter.notes == ["steps 2 environments, each in a process of its own"]
    train(in_processes(replace(half, total_steps=half.total_steps * 2 // 3, resume=True), "false"), ["test"], reporter)
    assert reporter.notes == ["steps 2 environments one after the other"]
    resumed = train(in_processes(replace(half, resume=True), "true"), ["test"])  # into the middle of their episodes
    assert resumed.metrics.read_text().splitlines()[-1] == whole.splitlines()[-1]


def test_environments_that_another_process_cannot_make_are_stepped_here(monkeypatch, tmp_path):
    spec = replace(gymnasium.spec("Pendulum-v1"), id="Here-v0")
    monkeypatch.setitem(gymnasium.registry, "Here-v0", spec)
    run, reporter = settings(tmp_path / "run", 2, env=EnvSettings("Here-v0", count=2, processes="true")), Heard()
    run = replace(run, network=family("plain", width=16))
    metrics = train(run, ["test"], reporter).metrics.read_text()
    (note,) = reporter.notes
    assert note.startswith("steps 2 environments one after the other, as one cannot be made in a process of its own: ")
    assert "environment 1 of 2: no environment has the id 'Here-v0'" in note
    other = replace(run, env=replace(run.env, processes="false"), run_dir=str(tmp_path / "other"))
    assert train(other, ["test"]).metrics.read_text() == metrics


class Slow(gymnasium.Wrapper):
    """Takes time on a clock that no one has to wait for."""

    def __init__(self, seconds):
        super().__init__(gymnasium.make("Pendulum-v1"))
        self.seconds = seconds

    def step(self, action):
        Slow.clock += self.seconds
        return super().step(action)


@pytest.mark.parametrize(
    ("seconds", "cores", "busy", "expected"),
    [(0.01, 4, 2.5, True), (1e-5, 4, 2.5, False), (0.01, 1, 2.5, False), (0.01, 4, 3.5, False)],
)
def test_slow_environments_get_processes_where_a_core_is_free(seconds, cores, busy, expected, monkeypatch):
    Slow.clock, module = 0.0, sys.modules["nearsym.envs.vector.worthwhile"]
    monkeypatch.setattr(time, "perf_counter", lambda: Slow.clock)
    monkeypatch.setattr(module, "cores", lambda: cores)
    monkeypatch.setattr(module, "busy", lambda: busy)
    monkeypatch.setattr(module.os, "cpu_count", lambda: 4)
    assert worthwhile(lambda: Slow(seconds)) == expected


def test_other_words_for_processes_are_refused():
    with pytest.raises(InputError, match=r"^env.processes is 'maybe', expected auto, true or false$"):
        EnvSettings(processes="maybe")


def counted(count, steps=120):
    """Updates, replayed transitions, and the first observations of every episode that was begun."""
    run = settings("unused", count)
    world = build_world(run, 0, count=count)
    learner = build_learner(run, world)
    experience = learner.experience(run.total_steps)
    starts = {}
    for progress in interact(learner, world.envs, experience):
        step = progress.step
        for i in np.flatnonzero(step.first):
            starts[int(step.episodes[i])] = step.observations[i]
        if learner.steps >= steps:
            return learner.updates, experience.stored, starts


def test_experience_and_updates_do_not_depend_on_the_count(monkeypatch):
    monkeypatch.setitem(gymnasium.registry, "Pendulum-v1", replace(gymnasium.spec("Pendulum-v1"), max_episode_steps=10))
    updates, stored, starts = zip(*(counted(count) for count in (1, 2, 4)), strict=True)
    assert updates == (30, 30, 30) and stored == (120, 120, 120)
    for several in starts[1:]:  # the same episodes, dealt out
        assert several.keys() == starts[0].keys()
        for number, observation in several.items():
            np.testing.assert_array_equal(observation, starts[0][number])


def test_nothing_is_overwritten_where_the_steps_are_no_multiple_of_the_count(tmp_path):
    """To pass 10 steps three environments take 12, and all of those have to fit."""
    run = settings(tmp_path, 3, total_steps=10)
    world = build_world(run, run.seed, count=3)
    learner = build_learner(run, world)
    experience = learner.experience(run.total_steps)
    steps = interact(learner, world.envs, experience)
    first = next(steps).step
    while learner.steps < run.total_steps:
        next(steps)
    world.close()
    assert learner.steps == 12 and experience.stored == 12
    assert (experience.buffer.observations[0] == first.observations).all()
