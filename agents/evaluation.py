"""Returns of a deterministic policy, and its robustness to observation noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm

from nearsym.envs import EpisodeSeeds, NoiseLevel, episodes, vectorised
from nearsym.envs.auditing import Policy
from nearsym.envs.capabilities import Findings, own_evaluation
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import ObservationNoise, SaltAndPepper
from nearsym.envs.rollout import apart

from .agent import Agent
from .build import EVALUATION_SEED, build_agent, build_env
from .checkpoint import latest_checkpoint, load_checkpoint, restore_networks
from .run import Run
from .settings import EvaluateSettings, TrainSettings


def rollout_returns(agent: BaseAlgorithm, env: gymnasium.Env[Any, Any], count: int) -> NDArray[np.float64]:
    """Undiscounted return of `count` episodes of the deterministic policy, (count,)."""
    return np.array([episode.undiscounted for episode in episodes(vectorised(env), apart(greedy(agent)), count)])


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


def evaluate_its_own_way(settings: EvaluateSettings) -> Findings | None:
    """What the evaluation of the environment itself finds in a run; None where it has none.

    Raises:
        InputError: as `evaluate_run`, or the environment knows no such period or noise.
    """
    env = build_env(Run(Path(settings.run)).settings(), settings.seed, settings.split).env
    evaluation = own_evaluation(env)
    if evaluation is None:
        return None
    torch.set_num_threads(settings.threads)
    _, agent = load_agent(Path(settings.run))
    arguments = (settings.noise, settings.noise_kind, settings.episodes, settings.trials)
    return evaluation(env, greedy(agent), *arguments)


def greedy(agent: BaseAlgorithm) -> Policy:
    """The agent's deterministic policy, from an observation to an action in the environment's own units."""
    return lambda observation: agent.predict(observation, deterministic=True)[0]
