"""From settings to environments and a learner."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium
import torch

from nearsym.agents.algorithms import LEARNERS, Learner
from nearsym.agents.algorithms.problem import Problem, symmetry_for
from nearsym.agents.algorithms.settings import AgentSettings, OffPolicySettings
from nearsym.envs import EpisodeLimit, EpisodeSeeds, build, symmetry_of, vectorised
from nearsym.envs.capabilities import splits, stacked_frames
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry, restricted
from nearsym.envs.vector import InProcesses, NoWorker, RemoteEpisodeSeeds, Vectorised, worthwhile
from nearsym.envs.wrappers import seeded
from nearsym.networks import Family

from .memory import check_memory
from .settings import AuditSettings, TrainSettings

EVALUATION_SEED = 1 << 20
"""Added to the run's seed for evaluation episodes, so that they never repeat a training episode."""


@dataclass(frozen=True)
class World:
    """The environments of a run, each perturbed as asked and checked for finite values.

    Attributes:
        envs: stepped together.
        episodes: the wrapper of each that seeds its episodes by (seed, number).
        env: the first of them; where they are in other processes, one like it in this one.
        where: of several, where they are stepped.
    """

    envs: Vectorised
    episodes: Sequence[EpisodeSeeds | RemoteEpisodeSeeds]
    env: gymnasium.Env[Any, Any]
    where: str = ""

    @property
    def symmetry(self) -> Symmetry | None:
        """The declared symmetry, or None."""
        return symmetry_of(self.env)

    @property
    def has_splits(self) -> bool:
        """Whether data are divided into training, validation and test, the last two one fixed episode each."""
        return bool(splits(self.env))

    def close(self) -> None:
        """Let the environments go."""
        self.envs.close()
        if self.env is not self.episodes[0]:
            self.env.close()


def build_world(
    settings: TrainSettings, seed: int, split: str = "train", count: int = 1, longest: int | None = None
) -> World:
    """Make the environments of a run.

    Args:
        settings: the run.
        seed: of its episodes.
        split: ``train``, ``validation`` or ``test``, for an environment whose data are divided so.
        count: how many are stepped together.
        longest: steps after which an episode is cut off; None for ``settings.eval_steps``.

    Raises:
        InputError: the environment or the symmetry cannot be found, do not fit, or actions are no bounded Box.
    """
    make, failed = partial(_limited_by, longest or settings.eval_steps, env_maker(settings, split)), ""
    first = seeded(make, seed, 0, count)
    if count > 1 and _apart(settings.env.processes, make):
        try:
            envs = InProcesses([partial(seeded, make, seed, i, count) for i in range(count)], first)
        except NoWorker as error:
            failed = f", as one cannot be made in a process of its own: {error}"
        else:
            remote = [RemoteEpisodeSeeds(worker) for worker in envs.workers]
            return World(envs, remote, first, f"steps {count} environments, each in a process of its own")
    episodes = [first, *(seeded(make, seed, i, count) for i in range(1, count))]
    where = f"steps {count} environments one after the other{failed}" if count > 1 else ""
    return World(vectorised(*episodes), episodes, first, where)


def _apart(processes: str, make: Callable[[], gymnasium.Env[Any, Any]]) -> bool:
    """Whether environments are to have processes of their own."""
    asked = str(processes).lower()  # true on the command line is True here
    return worthwhile(make) if asked == "auto" else asked == "true"


def limited(env: gymnasium.Env[Any, Any], longest: int) -> gymnasium.Env[Any, Any]:
    """An environment whose episodes end, at last by being cut off; a period of data ends by itself."""
    return env if splits(env) else EpisodeLimit(env, longest)


def _limited_by(longest: int, make: Callable[[], gymnasium.Env[Any, Any]]) -> gymnasium.Env[Any, Any]:
    return limited(make(), longest)


def build_env(
    settings: TrainSettings | AuditSettings, split: str = "train", *, precise: bool = False, film: bool = False
) -> gymnasium.Env[Any, Any]:
    """One environment of a run or an audit; see `nearsym.envs.build`."""
    return env_maker(settings, split, precise=precise, film=film)()


def env_maker(
    settings: TrainSettings | AuditSettings, split: str = "train", *, precise: bool = False, film: bool = False
) -> Callable[[], gymnasium.Env[Any, Any]]:
    """What makes one, here or in another process."""
    return partial(
        build,
        settings.env.id,
        settings.env.kwargs,
        pixels=settings.pixels,
        symmetry=settings.symmetry,
        perturbation=settings.perturbation,
        split=split,
        precise=precise,
        film=film,
    )


def symmetry_used(network: Family, env: gymnasium.Env[Any, Any]) -> Symmetry | None:
    """What an environment declares, as far as a network uses it; None where nothing is declared."""
    declared = symmetry_of(env)
    return None if declared is None else restricted(declared, network.elements)


def problem_of(
    algorithm: type[Learner], env: gymnasium.Env[Any, Any], network: Family, environments: int = 1
) -> Problem:
    """What a learner has to know of an environment.

    Raises:
        InputError: the algorithm has other actions, the network needs a symmetry and there is none, or it does not fit.
    """
    if not isinstance(env.action_space, algorithm.actions):
        raise InputError(
            f"the environment has actions {env.action_space}, and agent={algorithm.settings_type.name} acts in a "
            f"{algorithm.actions.__name__}; wrap the environment, or choose another agent"
        )
    symmetry = symmetry_for(network, symmetry_of(env), env.observation_space, env.action_space)
    frames = stacked_frames(env) or 1
    return Problem(env.observation_space, env.action_space, symmetry, frames, environments)  # type: ignore[arg-type]


def build_learner(settings: TrainSettings, world: World) -> Learner:
    """The learner of a run, freshly initialised from its seed.

    Raises:
        InputError: the network needs a symmetry and there is none, the device is not there, or memory is too small.
    """
    algorithm = LEARNERS[settings.agent.name]
    problem = problem_of(algorithm, world.env, settings.network, len(world.episodes))
    check_replay(settings.agent, problem)
    check_memory(settings, problem)
    return algorithm(settings.agent, settings.network, problem, device_named(settings.device), settings.seed)


def check_replay(agent: AgentSettings, problem: Problem) -> None:
    """Check that a replay of frames can hold a whole transition: a stack of frames and the frame that follows it.

    Raises:
        InputError: it cannot, and no batch could ever be drawn.
    """
    least = (problem.frames + 1) * problem.environments
    if problem.is_image and isinstance(agent, OffPolicySettings) and agent.buffer_size < least:
        raise InputError(
            f"agent.buffer_size is {agent.buffer_size}, expected at least {least} frames: {problem.frames} are stacked "
            "in one observation, and one follows, of every environment"
        )


def device_named(name: str) -> torch.device:
    """A torch device.

    Raises:
        InputError: it is not there.
    """
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device={name}, but torch {torch.__version__} sees no CUDA device; use device=cpu")
    if name == "mps" and not torch.backends.mps.is_available():
        raise InputError("device=mps, but torch sees no Apple GPU; use device=cpu")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
