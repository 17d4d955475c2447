"""nearsym's SAC against stock stable-baselines3, in speed and in learning, under equal conditions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from nearsym.networks import architectures, family_class

from .build import EVALUATION_SEED, build_agent, build_env, sac_arguments
from .evaluation import rollout_returns
from .settings import BenchSettings, TrainSettings

STOCK = "stable-baselines3"


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
    agents = {name: _agent(name, settings) for name in (STOCK, *architectures())}
    for agent in agents.values():
        agent.learn(settings.agent.learning_starts + 50)
    taken: dict[str, list[float]] = {name: [] for name in agents}
    for _ in range(rounds):
        for name, agent in agents.items():
            start = time.perf_counter()
            agent.learn(steps, reset_num_timesteps=False)
            taken[name].append(time.perf_counter() - start)
    stock = np.array(taken[STOCK])
    return [
        Speed(name, float(steps / np.median(times)), float(np.median(stock / np.array(times))))
        for name, times in taken.items()
    ]


def learning_curve(name: str, settings: TrainSettings) -> Iterator[tuple[int, float]]:
    """Train one contender and yield (step, mean evaluation return) every `eval_every` steps.

    Stock and ours see the same environment, episodes, evaluation episodes and hyperparameters.
    """
    torch.set_num_threads(settings.threads)
    agent = _agent(name, settings)
    evaluation = build_env(settings, settings.seed + EVALUATION_SEED)
    for step in range(0, settings.total_steps + 1, settings.eval_every):
        if step:
            agent.learn(settings.eval_every, reset_num_timesteps=False)
        evaluation.episodes.episode = 0
        yield step, float(rollout_returns(agent, evaluation.env, settings.eval_episodes).mean())


def compare_learning(settings: BenchSettings) -> Iterator[tuple[str, int, int, float]]:
    """Learning curves of stock SAC and ours, one after the other: (contender, seed, step, mean return)."""
    ours = f"nearsym, {settings.network.name}"
    for seed in settings.seeds:
        for label, name in ((STOCK, STOCK), (ours, settings.network.name)):
            for step, value in learning_curve(name, settings.training(seed)):
                yield label, seed, step, value


def _agent(name: str, settings: TrainSettings) -> OffPolicyAlgorithm:
    if name != STOCK:
        chosen = replace(settings, network=family_class(name).like(settings.network))
        return build_agent(chosen, build_env(settings, settings.seed))
    return stable_baselines3.SAC(
        "MlpPolicy",
        build_env(settings, settings.seed).env,
        policy_kwargs={"net_arch": [settings.network.width] * settings.network.depth},
        **sac_arguments(settings),
    )
