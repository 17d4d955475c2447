"""nearsym's SAC against stock stable-baselines3, in speed and in learning, under equal conditions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import stable_baselines3
import torch

from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.envs import EpisodeSeeds, episodes
from nearsym.envs.rollout import Act
from nearsym.networks import architectures, family_class

from .build import EVALUATION_SEED, build_env, build_learner, build_world
from .evaluation import greedy
from .settings import BenchSettings, TrainSettings

STOCK = "stable-baselines3"

Learn = Callable[[int], object]
"""Trains for so many environment steps."""


@dataclass(frozen=True)
class Speed:
    """Steps per second of one contender.

    Attributes:
        name: a network family, or stock stable-baselines3.
        steps_per_second: environment step and gradient step together, median over rounds.
        ratio: to stock, median over rounds of the ratio within a round.
    """

    name: str
    steps_per_second: float
    ratio: float


def compare_speed(settings: TrainSettings, steps: int, rounds: int) -> list[Speed]:
    """Time training steps of every network family and of stock SAC, taking turns in one process.

    Args:
        settings: environment, hyperparameters and width; the network family is varied.
        steps: steps in each turn.
        rounds: turns each contender gets, so that a busy machine slows all alike.
    """
    torch.set_num_threads(settings.threads)
    contenders = {name: _contender(name, settings)[0] for name in (STOCK, *architectures())}
    agent = settings.agent
    assert isinstance(agent, SACSettings)  # what is compared
    for learn in contenders.values():
        learn(agent.learning_starts + 50)
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, learn in contenders.items():
            start = time.perf_counter()
            learn(steps)
            seconds[name].append(time.perf_counter() - start)
    stock = np.array(seconds[STOCK])
    return [
        Speed(name, float(steps / np.median(times)), float(np.median(stock / np.array(times))))
        for name, times in seconds.items()
    ]


def learning_curve(name: str, settings: TrainSettings) -> Iterator[tuple[int, float]]:
    """Train one contender and yield (step, mean evaluation return) every `eval_every` steps.

    Stock and ours see the same environment, episodes, evaluation episodes and hyperparameters.
    """
    torch.set_num_threads(settings.threads)
    learn, policy = _contender(name, settings)
    evaluation = build_world(settings, settings.seed + EVALUATION_SEED)
    for step in range(0, settings.total_steps + 1, settings.eval_every):
        if step:
            learn(settings.eval_every)
        evaluation.episodes[0].go_on(0)
        played = episodes(evaluation.envs, policy, settings.eval_episodes)
        yield step, float(np.mean([episode.undiscounted for episode in played]))


def compare_learning(settings: BenchSettings) -> Iterator[tuple[str, int, int, float]]:
    """Learning curves of stock SAC and ours, one after the other: (contender, seed, step, mean return)."""
    ours = f"nearsym, {settings.network.label}"
    for seed in settings.seeds:
        for label, name in ((STOCK, STOCK), (ours, settings.network.name)):
            for step, value in learning_curve(name, settings.training(seed)):
                yield label, seed, step, value


def _contender(name: str, settings: TrainSettings) -> tuple[Learn, Act]:
    """How to train it further, and its deterministic policy."""
    if name == STOCK:
        return _stock(settings)
    chosen = replace(settings, network=family_class(name).like(settings.network))
    world = build_world(chosen, settings.seed)
    learner = build_learner(chosen, world)
    steps = interact(learner, world.envs, learner.experience(settings.total_steps))

    def learn(count: int) -> None:
        for _ in range(count):
            next(steps)

    return learn, greedy(learner)


def _stock(settings: TrainSettings) -> tuple[Learn, Act]:
    agent = settings.agent
    assert isinstance(agent, SACSettings)  # what is compared
    learned = "auto"
    stock = stable_baselines3.SAC(
        "MlpPolicy",
        EpisodeSeeds(build_env(settings), settings.seed),
        policy_kwargs={"net_arch": [settings.network.width] * settings.network.depth},
        learning_rate=agent.learning_rate,
        learning_starts=agent.learning_starts,
        batch_size=agent.batch_size,
        tau=agent.tau,
        gamma=agent.discount,
        train_freq=(agent.train_every, "step"),
        gradient_steps=agent.gradient_steps,
        n_steps=agent.n_steps,
        buffer_size=min(agent.buffer_size, settings.total_steps),
        ent_coef=learned if agent.entropy_coefficient is None else agent.entropy_coefficient,
        target_entropy=learned if agent.target_entropy is None else agent.target_entropy,
        seed=settings.seed,
        device=settings.device,
    )

    def policy(observations: Any, memory: Any) -> tuple[Any, Any]:
        return stock.predict(observations, deterministic=True)[0], memory

    return lambda count: stock.learn(count, reset_num_timesteps=False), policy
