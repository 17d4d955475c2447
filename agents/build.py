"""From settings to an environment, its symmetry and an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import torch

from nearsym.envs import EpisodeSeeds, build, is_image, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry

from .agent import Agent
from .agent_settings import DrQSACSettings, DrQv2Settings, SACSettings
from .drqsac import DrQSAC
from .drqv2 import DrQv2
from .sac import SAC
from .settings import TrainSettings

EVALUATION_SEED = 1 << 20
"""Added to the run's seed for evaluation episodes, so that they never repeat a training episode."""


@dataclass(frozen=True)
class Trainee:
    """An environment wrapped for training, and the same before wrapping by the algorithm.

    Attributes:
        env: perturbed as asked, checked for finite values, with every episode seeded by (seed, episode number).
        episodes: the wrapper that seeds episodes.
        symmetry: the declared symmetry, or None.
    """

    env: gymnasium.Env[Any, Any]
    episodes: EpisodeSeeds
    symmetry: Symmetry | None


def build_env(settings: TrainSettings, seed: int, split: str = "train", film: bool = False) -> Trainee:
    """Make the environment of a run.

    Args:
        settings: the run.
        seed: of its episodes.
        split: ``train``, ``validation`` or ``test``, for an environment whose data are divided so.
        film: draw frames for people to look at.

    Raises:
        InputError: the environment or the symmetry cannot be found, do not fit, or actions are no bounded Box.
    """
    env = build(
        settings.env.id,
        settings.env.kwargs,
        pixels=settings.pixels,
        symmetry=settings.symmetry,
        perturbation=settings.perturbation,
        split=split,
        film=film,
    )
    episodes = EpisodeSeeds(env, seed)
    return Trainee(episodes, episodes, symmetry_of(env))


def build_agent(settings: TrainSettings, trainee: Trainee) -> Agent:
    """The agent of a run, freshly initialised from its seed.

    Raises:
        InputError: the network needs a symmetry and there is none, or the device is not there.
    """
    policy_kwargs: dict[str, Any] = {"symmetry": trainee.symmetry, "network": settings.network}
    if isinstance(settings.agent, DrQv2Settings | DrQSACSettings):
        policy_kwargs.update(features=settings.agent.features, filters=settings.agent.filters)
    if isinstance(settings.agent, DrQv2Settings):
        return DrQv2(
            "DrQv2Policy", trainee.env, policy_kwargs=policy_kwargs, **drqv2_arguments(settings, settings.agent)
        )
    if isinstance(settings.agent, DrQSACSettings):
        arguments = drqsac_arguments(settings, settings.agent)
        return DrQSAC("DrQSACPolicy", trainee.env, policy_kwargs=policy_kwargs, **arguments)
    if is_image(trainee.env.observation_space):
        raise InputError(
            f"agent={settings.agent.name} learns from vectors, not from images; use agent=drqv2 or agent=drqsac"
        )
    return SAC("SymmetricPolicy", trainee.env, policy_kwargs=policy_kwargs, **sac_arguments(settings))


def sac_arguments(settings: TrainSettings) -> dict[str, Any]:
    """Hyperparameters as stable-baselines3 names them, for its SAC and ours alike."""
    sac, learned = settings.agent, "auto"
    assert isinstance(sac, SACSettings)  # asked for by name
    return {
        **_shared_arguments(settings),
        "buffer_size": min(sac.buffer_size, settings.total_steps),
        "ent_coef": learned if sac.entropy_coefficient is None else sac.entropy_coefficient,
        "target_entropy": learned if sac.target_entropy is None else sac.target_entropy,
    }


def drqv2_arguments(settings: TrainSettings, agent: DrQv2Settings) -> dict[str, Any]:
    """Hyperparameters as `DrQv2` names them."""
    return {
        **_visual_arguments(settings, agent),
        "noise": (agent.noise_first, agent.noise_last, agent.noise_steps),
        "noise_clip": agent.noise_clip,
    }


def drqsac_arguments(settings: TrainSettings, agent: DrQSACSettings) -> dict[str, Any]:
    """Hyperparameters as `DrQSAC` names them."""
    return {
        **_visual_arguments(settings, agent),
        "entropy_coefficient": agent.entropy_coefficient,
        "target_entropy": agent.target_entropy,
    }


def _visual_arguments(settings: TrainSettings, agent: DrQv2Settings | DrQSACSettings) -> dict[str, Any]:
    frames = min(agent.buffer_size, 2 * settings.total_steps)  # an episode of one step takes two frames
    return {**_shared_arguments(settings), "buffer_size": frames, "n_steps": agent.n_steps}


def _shared_arguments(settings: TrainSettings) -> dict[str, Any]:
    agent = settings.agent
    return {
        "learning_rate": agent.learning_rate,
        "learning_starts": agent.learning_starts,
        "batch_size": agent.batch_size,
        "tau": agent.tau,
        "gamma": agent.discount,
        "train_freq": (agent.train_every, "step"),
        "gradient_steps": agent.gradient_steps,
        "seed": settings.seed,
        "device": _device(settings.device),
    }


def _device(name: str) -> torch.device:
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device={name}, but torch {torch.__version__} sees no CUDA device; use device=cpu")
    if name == "mps" and not torch.backends.mps.is_available():
        raise InputError("device=mps, but torch sees no Apple GPU; use device=cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
