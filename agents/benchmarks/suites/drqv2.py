"""Whole updates of DrQ-v2 at full size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.drqv2 import DrQv2Settings
from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.replay import FrameReplay
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Table, milliseconds, take_turns
from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.freed_memory import keep_freed_memory
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.networks import architectures, family

TASK = EnvSettings("dmc/cartpole-swingup", {"action_repeat": 2})
WIDTH, STORED = 1024, 300


def measure(settings: BenchSettings) -> Iterator[Table]:
    """Sampling a batch and updating on it: 85x85, 32 planes, width 1024, for every family."""
    torch.set_num_threads(settings.threads)
    keep_freed_memory()  # as in training
    batch = settings.agent.batch_size
    calls: dict[str, Callable[[], object]] = {}
    state, failed = "compiled" if settings.compile else "eager", dict[str, list[str]]()
    for name in architectures():
        network = family(name, width=WIDTH)
        if network.audits is not None:  # of vectors alone
            continue
        run = TrainSettings(
            env=TASK,
            agent=DrQv2Settings(batch_size=batch, precision=settings.agent.precision),
            network=network,
            pixels=True,
            total_steps=1000,
            device=settings.device,
        )
        world = build_world(run, 0)
        learner = build_learner(run, world)
        experience = learner.experience(run.total_steps)
        assert isinstance(experience, FrameReplay)  # of images
        for _ in zip(range(STORED), interact(learner, world.envs, experience), strict=False):
            pass  # random actions fill the replay buffer
        world.close()
        failed[name] = []
        if settings.compile:
            learner.compile(failed[name].append)
        calls[name] = partial(_update, learner, experience, batch)
    title = f"a DrQ-v2 update, D1, width {WIDTH}, batch {batch}, {settings.machine}"
    states = {name: f"eager: {failed[name][0]}" if failed[name] else state for name in calls}
    yield Table(title, "ms", milliseconds(take_turns(calls, settings.rounds), states), {"group": "D1", "batch": batch})


def _update(learner: Learner, experience: FrameReplay, batch: int) -> None:
    """One update."""
    learner.update(experience.sample(batch))
