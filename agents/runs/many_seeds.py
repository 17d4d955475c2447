"""Training runs that differ in their seed alone in one process: step by step together, or one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby
from typing import cast

from torch import Tensor

from nearsym.agents.algorithms import LEARNERS
from nearsym.agents.algorithms.actor_critic import ActorCritic
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.many_seeds import Generators, ManySeeds
from nearsym.envs import EpisodeSeeds, rollout, vectorised
from nearsym.envs.errors import InputError

from .compiling import COMPILES, NOT_COMPILED, compiles
from .folder import Run
from .reporter import Reporter
from .settings import TrainSettings
from .training import Training, opened

Member = tuple[Training, Generators]

WIDE = 64
"""Width of networks up to which compiled updates of many seeds are faster as one; see docs/speed.md."""


def train_seeds(settings: Sequence[TrainSettings], command: list[str], reporters: Sequence[Reporter]) -> list[Run]:
    """Train all these runs, or continue training them; each has a folder of its own, as if it had been alone.

    Where code is compiled for wide networks they are trained one after the other, by the same code: there is nothing
    more to share. Otherwise they are trained together, which is faster there (docs/speed.md). Each acts in its own
    environment and draws its own random numbers; what they do together is arithmetic
    (`ManySeeds`), so that every run is what it would be alone, to rounding. Runs that were stopped at different steps
    go on with those at the same step.

    Args:
        settings: alike but for `seed` and `run_dir`.
        command: the command line, for the record.
        reporters: one for each run.

    Raises:
        InputError: settings differ in something else, seeds repeat, or one of the runs cannot be trained.
    """
    check_alike(settings)
    if compiles(settings[0]) and settings[0].network.width > WIDE:
        return _in_turn(settings, command, reporters)
    with ExitStack() as stack:
        members: list[Member] = []
        for one, reporter in zip(settings, reporters, strict=True):
            training = stack.enter_context(opened(one, command, reporter))
            members.append((training, Generators()))  # as building and restoring have left them
        members.sort(key=lambda member: member[0].learner.steps)
        for _, together in groupby(members, key=lambda member: member[0].learner.steps):
            _train_together([member for member in together if _begins(member)])
        return [training.run for training, _ in members]


def _in_turn(settings: Sequence[TrainSettings], command: list[str], reporters: Sequence[Reporter]) -> list[Run]:
    """Train one run after the other, each as it would be alone to the bit, with what was compiled for the first."""
    runs: list[Run] = []
    like: ActorCritic | None = None
    for one, reporter in zip(settings, reporters, strict=True):
        with opened(one, command, reporter) as training:
            training.go(like)
        runs.append(training.run)
        learner = cast(ActorCritic, training.learner)
        like = learner if learner.compiled is not None else like  # none is where nothing was left to train
    return runs


def check_alike(settings: Sequence[TrainSettings]) -> None:
    """Check that runs can be trained together.

    Raises:
        InputError: they differ in more than seed and folder, seeds or folders repeat, or each has several environments.
    """
    agent = settings[0].agent.name
    if not issubclass(LEARNERS[agent], ActorCritic):
        raise InputError(f"agent={agent} trains one seed at a time; leave seeds out and give seed= to each run")
    seeds = [one.seed for one in settings]
    repeated = sorted({seed for seed in seeds if seeds.count(seed) > 1})
    if repeated:
        raise InputError(f"seeds repeat: {', '.join(map(str, repeated))}; give each once")
    if len({one.run_dir for one in settings}) < len(settings):
        raise InputError("several seeds would write to one folder; leave run_dir to nearsym, or give each its own")
    if any(replace(one, seed=0, run_dir="") != replace(settings[0], seed=0, run_dir="") for one in settings):
        raise InputError("runs of several seeds at once must not differ in anything but seed and run_dir")
    if settings[0].env.count != 1:
        raise InputError(f"env.count is {settings[0].env.count}; several seeds at once have one environment each")


def _begins(member: Member) -> bool:
    training, generators = member
    with generators.own():
        return training.begin()


def _train_together(members: Sequence[Member]) -> None:
    """Train runs that stand at the same step to the end."""
    if not members:
        return
    trainings, generators = [training for training, _ in members], [own for _, own in members]
    first = trainings[0]
    learner = ManySeeds([cast(ActorCritic, training.learner) for training in trainings], generators)
    if compiles(first.settings):
        first.note(COMPILES)
        learner.compile(lambda reason: first.note(NOT_COMPILED.format(reason)))
    envs = vectorised(*(cast(EpisodeSeeds, training.world.episodes[0]) for training in trainings))  # one each: in turn
    steps = rollout(envs, lambda observations, memory: (learner.explore(observations), memory))
    while first.learner.steps < first.settings.total_steps:
        for training, own in members:
            with own.own():
                training.pause()
        try:
            step = next(steps)
        except Exception:
            for training in trainings:
                training.failed()
            raise
        rows, before = [step.of(number) for number in range(len(members))], first.learner.steps
        for training, row in zip(trainings, rows, strict=True):
            training.learner.steps += 1
            training.experience.add(row)
            training.learner.watch(training.experience, before)
        losses = _update(learner, members, before)
        for number, (training, row) in enumerate(zip(trainings, rows, strict=True)):
            training.took(row, {name: values[number] for name, values in losses.items()})
    for training, own in members:
        with own.own():
            training.end()


def _update(learner: ManySeeds, members: Sequence[Member], before: int) -> dict[str, Tensor]:
    """Whatever updates are due; the losses of the last one."""
    due = [training.experience.due(before, training.learner.steps) for training, _ in members]
    losses: dict[str, Tensor] = {}
    while True:
        batches: list[Batch] = []
        for own, (_, generators) in zip(due, members, strict=True):
            with generators.own():
                batches.extend(batch for batch in [next(own, None)] if batch is not None)
        if not batches:  # all have the same settings, and so the same number of updates
            return losses
        losses = learner.update(batches)
