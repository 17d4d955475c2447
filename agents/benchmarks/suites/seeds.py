"""Updates of several seeds as one, beside updates of one run after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import cast

import torch

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.actor_critic import ActorCritic
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.many_seeds import Generators, ManySeeds
from nearsym.agents.benchmarks.contenders import random_batch
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Table, rates, take_turns
from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.settings import TrainSettings

ALONE, TOGETHER = "one after another", "at once"


def measure(settings: BenchSettings) -> Iterator[Table]:
    """The network at every width and batch.

    One run after the other is one learner that updates as often as all together: no two runs are ever at work at the
    same time. Stepping and acting are the same either way, and are not timed.
    """
    torch.set_num_threads(settings.threads)
    count = len(settings.seeds)
    for width in settings.widths or [settings.network.width]:
        for size in settings.batches or [settings.agent.batch_size]:
            chosen = replace(settings.training(0), network=replace(settings.network, width=width))
            chosen = replace(chosen, agent=replace(chosen.agent, batch_size=size))
            failed: list[str] = []
            calls = _contenders(chosen, settings.seeds, failed)
            seconds = take_turns(calls, settings.rounds)
            state = f"eager: {failed[0]}" if failed else "compiled" if settings.compile else "eager"
            name = settings.network.name
            title = f"{count} seeds of SAC, {name}, width {width}, batch {size}, {settings.machine}"
            conditions = {"network": name, "width": width, "batch": size, "seeds": count}
            yield Table(title, "updates/s", rates(seconds, count, dict.fromkeys(calls, state)), conditions)


def _contenders(chosen: TrainSettings, seeds: list[int], failed: list[str]) -> dict[str, Callable[[], object]]:
    """Updates of all seeds on batches of random numbers, either way."""
    learners, generators, batches = [], [], []
    for seed in [*seeds, seeds[0]]:  # the last one is for itself
        own = replace(chosen, seed=seed)
        world = build_world(own, seed)
        learners.append(build_learner(own, world))
        generators.append(Generators())
        batches.append(random_batch(own, world.env))
        world.close()
    alone = learners.pop()
    together = ManySeeds([cast(ActorCritic, learner) for learner in learners], generators[:-1])
    if chosen.compile != "false":
        alone.compile(failed.append)
        together.compile(failed.append)
    return {ALONE: partial(_updates, alone, batches[:-1]), TOGETHER: partial(together.update, batches[:-1])}


def _updates(learner: Learner, batches: list[Batch]) -> None:
    """One update on each."""
    for batch in batches:
        learner.update(batch)
