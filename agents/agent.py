"""An algorithm in an environment, for a few lines of Python; `nearsym train` has runs that resume."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, ClassVar, Self

import gymnasium

from nearsym.envs import EpisodeSeeds, declare, vectorised
from nearsym.envs.build import flattened
from nearsym.envs.errors import InputError, did_you_mean
from nearsym.envs.spaces import checked
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import Family, family

from .algorithms import Learner
from .algorithms.drqv2 import DrQv2Learner
from .algorithms.experience import Experience
from .algorithms.interaction import Progress, interact
from .algorithms.sac import SACLearner
from .runs.build import device_named, problem_of


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
        experience: what it has learned from so far.

    Raises:
        InputError: a hyperparameter is unknown or out of range, or the network needs a symmetry and there is none.
    """

    learner_type: ClassVar[type[Learner]]

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
        self.learner = self.learner_type(settings, chosen, problem, device_named(device), seed)
        if compile:
            self.learner.compile(lambda reason: warnings.warn(f"not compiled: {reason}", stacklevel=2))
        self.experience: Experience = self.learner.experience()
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
        return self.learner.predict(observation, deterministic)


class SAC(Agent):
    """Soft Actor-Critic, see `SACLearner` and `SACSettings`.

    Example::

        agent = SAC(nearsym.make("dmc/cartpole-swingup", action_repeat=4), network="relaxed", seed=0).learn(5_000)
    """

    learner_type = SACLearner


class DrQv2(Agent):
    """DrQ-v2, see `DrQv2Learner` and `DrQv2Settings`."""

    learner_type = DrQv2Learner
