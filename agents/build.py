"""From settings to an environment, its symmetry and an agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import torch

from nearsym.envs import EpisodeSeeds, FiniteGuard, declare, load_object, make, symmetry_of
from nearsym.envs.perturbations import perturb
from nearsym.envs.symmetry import InputError, Symmetry

from .sac import SAC
from .settings import TrainSettings

AGENTS = {"sac": SAC}
"""Algorithms by the name settings give them."""

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


def build_env(settings: TrainSettings, seed: int) -> Trainee:
    """Make the environment of a run.

    Raises:
        InputError: the environment or the symmetry cannot be found, do not fit, or actions are no bounded Box.
    """
    env = make(settings.env.id, **settings.env.kwargs)
    if not isinstance(env.action_space, gymnasium.spaces.Box):
        raise InputError(f"{settings.env.id} has actions {env.action_space}; SAC needs a Box of continuous actions")
    if settings.symmetry is not None:
        env = declare(env, load_symmetry(settings.symmetry))
    symmetry = symmetry_of(env)
    if isinstance(env.observation_space, gymnasium.spaces.Dict):
        flat = gymnasium.wrappers.FlattenObservation(env)
        symmetry = None if symmetry is None else symmetry.flatten(env.observation_space)
        env = flat if symmetry is None else declare(flat, symmetry)
    episodes = EpisodeSeeds(FiniteGuard(perturb(env, settings.perturbation)), seed)
    return Trainee(episodes, episodes, symmetry)


def load_symmetry(spec: str) -> Symmetry:
    """The `Symmetry` named by ``my_module:name``, or made by the function of that name.

    Raises:
        InputError: there is no such object, or it is neither.
    """
    found = load_object(spec)
    symmetry = found() if callable(found) else found
    if not isinstance(symmetry, Symmetry):
        raise InputError(
            f"symmetry={spec} is a {type(symmetry).__name__}; expected a nearsym.envs.symmetry.Symmetry or a "
            "function without arguments that returns one"
        )
    return symmetry


def build_agent(settings: TrainSettings, trainee: Trainee) -> SAC:
    """The agent of a run, freshly initialised from its seed.

    Raises:
        InputError: the network needs a symmetry and there is none, or the device is not there.
    """
    return AGENTS[settings.agent.name](
        "SymmetricPolicy",
        trainee.env,
        policy_kwargs={"symmetry": trainee.symmetry, "network": settings.network},
        **sac_arguments(settings),
    )


def sac_arguments(settings: TrainSettings) -> dict[str, Any]:
    """Hyperparameters as stable-baselines3 names them, for its SAC and ours alike."""
    sac = settings.agent
    learned = "auto"
    return {
        "learning_rate": sac.learning_rate,
        "buffer_size": min(sac.buffer_size, settings.total_steps),
        "learning_starts": sac.learning_starts,
        "batch_size": sac.batch_size,
        "tau": sac.tau,
        "gamma": sac.discount,
        "train_freq": (sac.train_every, "step"),
        "gradient_steps": sac.gradient_steps,
        "ent_coef": learned if sac.entropy_coefficient is None else sac.entropy_coefficient,
        "target_entropy": learned if sac.target_entropy is None else sac.target_entropy,
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
