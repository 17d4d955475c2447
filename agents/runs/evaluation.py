"""Returns of a deterministic policy, and its robustness to observation noise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nearsym.agents.algorithms import Learner
from nearsym.envs import EpisodeSeeds, NoiseLevel, episodes, vectorised
from nearsym.envs.capabilities import Findings, own_evaluation
from nearsym.envs.errors import InputError
from nearsym.envs.rollout import Act, Policy, Remembering
from nearsym.envs.vector import Vectorised

from .build import EVALUATION_SEED, World, build_env, build_learner, build_world
from .checkpoint import load_latest, restore_networks
from .data import check_data
from .folder import Run
from .noise_kinds import NOISE_KINDS
from .settings import EvaluateSettings, TrainSettings
from .symmetry_file import check_symmetry
from .trust import trusted_settings


def greedy(learner: Learner) -> Act:
    """The deterministic policy, as a rollout takes it."""
    return lambda observations, memory: learner.act(observations, memory, explore=False)


def policy_of(learner: Learner) -> Policy | Remembering:
    """The deterministic policy, from one observation to an action in the environment's own units, or with memory."""
    if learner.has_memory:
        return Remembering(greedy(learner), learner.beginning)
    return lambda observation: learner.predict(observation)[0]


@contextmanager
def acting(learner: Learner) -> Iterator[None]:
    """Have layers that know two modes (dropout, normalisation by batches) behave as in use, not as in training."""
    modules = [module for network in learner.networks().values() for module in network.modules() if module.training]
    for module in modules:
        module.training = False
    try:
        yield
    finally:
        for module in modules:
            module.training = True


def returns_of(learner: Learner, envs: Vectorised, count: int) -> NDArray[np.float64]:
    """(count,) undiscounted returns of the first episodes of the deterministic policy."""
    beginning = learner.beginning if learner.has_memory else None
    with acting(learner):
        return np.array([episode.undiscounted for episode in episodes(envs, greedy(learner), count, beginning)])


def evaluate(learner: Learner, world: World, count: int) -> NDArray[np.float64]:
    """Returns of the same episodes each time: the first `count`, or the whole of a period."""
    for i, seeds in enumerate(world.episodes):
        seeds.go_on(i)
    return returns_of(learner, world.envs, 1 if world.has_splits else count)


def load_learner(folder: Path, trust: bool = False, device: str = "auto") -> tuple[TrainSettings, Learner]:
    """The settings of a run and its learner with the networks of the latest checkpoint, ready to act.

    Args:
        folder: of the run.
        trust: import the modules that it names from wherever they are, see `trusted_settings`.
        device: where its networks are to be.

    Raises:
        InputError: the folder is no run, or its checkpoint is missing or corrupt.
    """
    run = Run(folder)
    settings = replace(trusted_settings(folder, trust), device=device)
    checkpoint = load_latest(run.checkpoints)
    if checkpoint is None:
        missing = " any more; restore it from a copy" if run.has_saved() else " yet; continue it with resume=true"
        raise InputError(f"{folder} has no finished checkpoint{missing}")
    world = build_world(settings, settings.seed)
    check_data(folder, world.env)
    learner = build_learner(settings, world)
    world.close()
    if settings.network.needs_symmetry:  # others act the same under any
        check_symmetry(run.symmetry, learner.problem.symmetry)
    restore_networks(learner, checkpoint)
    for network in learner.networks().values():
        network.eval()
    return settings, learner


def untrained(settings: TrainSettings) -> Learner:
    """The learner of a run as it was before it learned anything."""
    world = build_world(settings, settings.seed)
    learner = build_learner(settings, world)
    world.close()
    return learner


def evaluate_run(settings: EvaluateSettings) -> list[NoiseLevel]:
    """Evaluate the latest checkpoint of a run at each noise level, on the same episodes.

    Raises:
        InputError: the folder is no run, its checkpoint is missing or corrupt, or a period is asked for and there are
            none.
    """
    if settings.split is not None:
        raise InputError(
            f"split={settings.split} names a period of data that are divided in time, and those of {settings.run} are "
            "not; leave it out"
        )
    torch.set_num_threads(settings.threads)
    train_settings, learner = load_learner(Path(settings.run), settings.trust)
    wrapper = NOISE_KINDS[settings.noise_kind].wrapper
    levels = []
    for noise in settings.noise:
        world = build_world(train_settings, settings.seed)
        noisy = EpisodeSeeds(wrapper(world.env, noise), settings.seed + EVALUATION_SEED)
        levels.append(NoiseLevel(noise, returns_of(learner, vectorised(noisy), settings.episodes).tolist()))
        world.close()
    return levels


def evaluate_its_own_way(settings: EvaluateSettings) -> Findings | None:
    """What the evaluation of the environment itself finds in a run; None where it has none.

    Raises:
        InputError: as `evaluate_run`, or the environment knows no such period or noise.
    """
    saved = trusted_settings(Path(settings.run), settings.trust)
    env = EpisodeSeeds(build_env(saved, settings.split or "test"), settings.seed)
    evaluation = own_evaluation(env)
    if evaluation is None:
        return None
    torch.set_num_threads(settings.threads)
    saved, learner = load_learner(Path(settings.run), settings.trust)
    arguments = (settings.noise, settings.noise_kind, settings.episodes, settings.trials)
    return evaluation(env, policy_of(learner), *arguments, policy_of(untrained(saved)))
