"""An algorithm in an environment, for a few lines of Python; `nearsym train` has runs that resume."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Self

import gymnasium

from nearsym.envs import EpisodeSeeds, declare, vectorised
from nearsym.envs.build import flattened
from nearsym.envs.errors import InputError, did_you_mean
from nearsym.envs.spaces import checked
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import Family, family

from .algorithms import Learner
from .algorithms.dqn import DQNLearner
from .algorithms.drqv2 import DrQv2Learner
from .algorithms.experience import Experience
from .algorithms.interaction import Progress, interact
from .algorithms.ppo import PPOLearner
from .algorithms.sac import SACLearner
from .runs.build import build_env, check_replay, device_named, problem_of
from .runs.evaluation import acting, load_learner
from .saving import load_agent, save_agent


class Agent:
    """A learner with an environment to learn in.

    Args:
        env: an environment; its declared symmetry is used unless `symmetry` is given.
        network: a family by name, or with settings of its own.
        symmetry: takes the place of the environment's.
        seed: of networks, exploration, replay and episodes; None draws one.
        device: ``cpu``, ``cuda``, ``mps`` or ``auto``.
        compile: compile updates and actions to machine code at the first of each, which takes up to half a minute.
        **hyperparameters: those of the algorithm's settings, such as ``learning_rate``.

    Attributes:
        learner: the algorithm.
        env: the environment as the learner sees it, a Dict flattened and frames stacked.
        experience: what it has learned from so far.

    Raises:
        InputError: a hyperparameter is unknown or out of range, or the network needs a symmetry and there is none.
    """

    learner_type: ClassVar[type[Learner]]
    learner: Learner
    env: gymnasium.Env[Any, Any]
    experience: Experience

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        network: str | Family = "relaxed",
        symmetry: Symmetry | None = None,
        seed: int | None = None,
        device: str = "cpu",
        compile: bool = False,
        **hyperparameters: Any,
    ) -> None:
        settings_type = self.learner_type.settings_type
        known = [field.name for field in fields(settings_type) if field.name != "name"]
        for name in hyperparameters:
            if name not in known:
                unknown = f"{type(self).__name__} has no hyperparameter {name!r}{did_you_mean(name, known)}"
                raise InputError(f"{unknown}; it has {', '.join(known)}")
        settings = settings_type(**hyperparameters)
        env = checked(env)
        env = flattened(env if symmetry is None else declare(env, symmetry))
        chosen = family(network) if isinstance(network, str) else network
        problem = problem_of(self.learner_type, env, chosen)
        check_replay(settings, problem)
        learner = self.learner_type(settings, chosen, problem, device_named(device), seed)
        if compile:
            learner.compile(lambda reason: warnings.warn(f"not compiled: {reason}", stacklevel=2))
        self._take(learner, env, seed)

    def _take(self, learner: Learner, env: gymnasium.Env[Any, Any], seed: int | None) -> None:
        """Be the agent of a learner in a flattened environment."""
        self.learner, self.env = learner, env
        self.experience = learner.experience()
        self._envs = vectorised(env if seed is None else EpisodeSeeds(env, seed))
        self._interaction: Iterator[Progress] | None = None

    def learn(self, steps: int) -> Self:
        """Interact for `steps` more environment steps, learning all the while."""
        if self._interaction is None:
            self._interaction = interact(self.learner, self._envs, self.experience)
        for _ in range(steps):
            next(self._interaction)
        return self

    def predict(self, observation: Any, deterministic: bool = True) -> tuple[Any, None]:
        """The action for one observation or a batch, in stable-baselines3's form: see `Learner.predict`."""
        with acting(self.learner):
            return self.learner.predict(observation, deterministic)

    def save(self, folder: str | Path) -> Path:
        """Write everything learned, and what it was learned from, into a folder that is new or of this agent before.

        It holds no code and no environment: `load` is given one. See docs/security.md.

        Raises:
            InputError: the folder holds something else.
        """
        return save_agent(self.learner, self.experience, Path(folder))

    @classmethod
    def load(
        cls,
        folder: str | Path,
        env: gymnasium.Env[Any, Any],
        symmetry: Symmetry | None = None,
        seed: int | None = None,
        device: str = "cpu",
    ) -> Self:
        """An agent that `save` wrote, in an environment like the one it learned in.

        It predicts and learns on as before; random generators are those of `seed`, and its next episode is a new one.

        Args:
            folder: given to `save`.
            env: the environment.
            symmetry: takes the place of the environment's.
            seed: of what is drawn from now on; None leaves random generators as they are.
            device: ``cpu``, ``cuda``, ``mps`` or ``auto``.

        Raises:
            InputError: the folder holds no such agent or is damaged, or the environment or the symmetry is another.
        """
        env = flattened(env if symmetry is None else declare(env, symmetry))
        agent = cls.__new__(cls)
        restored = load_agent(Path(folder), env, cls.learner_type, device_named(device), seed)
        agent._take(restored.learner, env, seed)
        agent.experience = restored.experience
        return agent


class SAC(Agent):
    """Soft Actor-Critic, see `SACLearner` and `SACSettings`.

    Example::

        agent = SAC(nearsym.make("dmc/cartpole-swingup", action_repeat=4), network="relaxed", seed=0).learn(5_000)
    """

    learner_type = SACLearner


class DrQv2(Agent):
    """DrQ-v2, see `DrQv2Learner` and `DrQv2Settings`."""

    learner_type = DrQv2Learner


class PPO(Agent):
    """Proximal policy optimisation, for continuous and discrete actions, see `PPOLearner` and `PPOSettings`."""

    learner_type = PPOLearner


class DQN(Agent):
    """Deep Q-learning, for discrete actions, see `DQNLearner` and `DQNSettings`."""

    learner_type = DQNLearner


def load(folder: str | Path, trust: bool = False) -> Agent:
    """The agent of a run of `nearsym train` with its last checkpoint, in its environment.

    Example::

        agent = nearsym.load("runs/x")
        observation, _ = agent.env.reset(seed=1)
        action, _ = agent.predict(observation)

    Args:
        folder: of the run.
        trust: import the modules that the run names from wherever they are; otherwise only from the current folder. See
            docs/security.md.

    Raises:
        InputError: the folder is no run, or its checkpoint is missing or damaged.
    """
    settings, learner = load_learner(Path(folder), trust)
    kinds: dict[type[Learner], type[Agent]] = {SACLearner: SAC, DrQv2Learner: DrQv2, PPOLearner: PPO, DQNLearner: DQN}
    kind = kinds.get(type(learner), Agent)
    for network in learner.networks().values():
        network.train()
    agent = kind.__new__(kind)
    agent._take(learner, build_env(settings), settings.seed)
    return agent
