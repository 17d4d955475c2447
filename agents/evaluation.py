"""Returns of a deterministic policy, and its robustness to observation noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import trim_mean
from stable_baselines3.common.base_class import BaseAlgorithm

from nearsym.envs import EpisodeSeeds
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import ObservationNoise, SaltAndPepper

from .agent import Agent
from .build import EVALUATION_SEED, build_agent, build_env
from .checkpoint import latest_checkpoint, load_checkpoint, restore_networks
from .run import Run
from .settings import EvaluateSettings, TrainSettings


@dataclass(frozen=True)
class NoiseLevel:
    """Returns at one noise level.

    Attributes:
        noise: its level; see `EvaluateSettings`.
        returns: undiscounted return of each episode.
    """

    noise: float
    returns: list[float]

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(np.mean(self.returns))

    @property
    def std(self) -> float:
        """Standard deviation over episodes (population)."""
        return float(np.std(self.returns))

    @property
    def iqm(self) -> float:
        """Interquartile mean: the mean of the middle half."""
        return float(trim_mean(self.returns, 0.25))


def rollout_returns(agent: BaseAlgorithm, env: gymnasium.Env[Any, Any], episodes: int) -> NDArray[np.float64]:
    """Undiscounted return of `episodes` episodes of the deterministic policy, (episodes,)."""
    returns = np.zeros(episodes)
    for episode in range(episodes):
        observation, _ = env.reset()
        done = False
        while not done:
            action, _ = agent.predict(observation, deterministic=True)
            observation, reward, terminated, truncated, _ = env.step(action)
            returns[episode] += float(reward)
            done = terminated or truncated
    return returns


def load_agent(folder: Path) -> tuple[TrainSettings, Agent]:
    """The settings of a run and its agent with the networks of the latest checkpoint.

    Raises:
        InputError: the folder is no run, or its checkpoint is missing or corrupt.
    """
    run = Run(folder)
    settings = replace(run.settings(), device="auto")
    latest = latest_checkpoint(run.checkpoints)
    if latest is None:
        raise InputError(f"{folder} has no finished checkpoint yet; continue it with nearsym train … resume=true")
    checkpoint = load_checkpoint(latest)
    agent = build_agent(settings, build_env(settings, settings.seed))
    restore_networks(agent, checkpoint)
    return settings, agent


def evaluate_run(settings: EvaluateSettings) -> list[NoiseLevel]:
    """Evaluate the latest checkpoint of a run at each noise level, on the same episodes.

    Raises:
        InputError: the folder is no run, or its checkpoint is missing or corrupt.
    """
    torch.set_num_threads(settings.threads)
    train_settings, agent = load_agent(Path(settings.run))
    levels = []
    for noise in settings.noise:
        env = build_env(train_settings, settings.seed).env
        spoil = SaltAndPepper if settings.noise_kind == "salt_and_pepper" else ObservationNoise
        noisy = EpisodeSeeds(spoil(env, noise), settings.seed + EVALUATION_SEED)
        levels.append(NoiseLevel(noise, rollout_returns(agent, noisy, settings.episodes).tolist()))
    return levels
