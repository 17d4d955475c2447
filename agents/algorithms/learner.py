"""What every algorithm offers to interaction, training, checkpoints, evaluation and measurement."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation
from nearsym.networks import RATE, Family, Normaliser

from .experience import Experience
from .problem import Problem
from .settings import AgentSettings
from .watching import Watched

Array = NDArray[Any]


class Optimizer(Protocol):
    """What checkpoints ask of an optimizer: torch's have it."""

    def state_dict(self) -> dict[str, Any]:
        """What it needs to go on, in the form of torch's."""

    def load_state_dict(self, saved: dict[str, Any], /) -> None:
        """Put it back."""


LEARNERS: dict[str, type[Learner]] = {}
"""Every algorithm by its name; a subclass of `Learner` registers itself."""


class Law(NamedTuple):
    """A function of a learner that keeps a symmetry where f(ρ_in(g) x) = ρ_out(g) f(x).

    Attributes:
        function: f, from (batch, in_rep.dim) to (batch, out_rep.dim).
        in_rep: of a flattened observation, or of one with an action in [-1, 1] behind it.
        out_rep: of what f gives.
    """

    function: Callable[[Tensor], Tensor]
    in_rep: Representation
    out_rep: Representation


class Learner(ABC):
    """An algorithm: networks, how they act, and one update.

    Args:
        settings: hyperparameters, of the type `settings_type`.
        network: how actor and critic use the symmetry.
        problem: spaces and symmetry.
        device: of the networks.
        seed: of networks, exploration and replay; None leaves random generators as they are.

    Attributes:
        settings_type: dataclass of the hyperparameters, whose default `name` is the algorithm's.
        metrics: names of what `update` returns, in the order of metrics.csv.
        actions: the kind of space it acts in.
        has_memory: whether the policy carries something from step to step.
        members: critics in an ensemble.
        measured_states: stored states on which equivariance errors are measured.
        precision: in which images are read, where that is not the parameters'.
        normaliser: of the observations that networks read, where they are normalised.
        steps: environment steps done so far.
        updates: gradient steps done so far.
    """

    settings_type: ClassVar[type[AgentSettings]]
    metrics: ClassVar[tuple[str, ...]]
    actions: ClassVar[type[gymnasium.Space[Any]]] = gymnasium.spaces.Box
    measured_states: int = 256
    precision: torch.dtype | None = None
    normaliser: Normaliser | None = None
    has_memory: ClassVar[bool] = False
    members: ClassVar[int] = 1

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "settings_type" in vars(cls):
            LEARNERS[cls.settings_type.name] = cls

    def __init__(
        self, settings: AgentSettings, network: Family, problem: Problem, device: torch.device, seed: int | None = None
    ) -> None:
        self.settings, self.network, self.problem, self.device = settings, network, problem, device
        self.steps = self.updates = 0
        if seed is not None:
            random.seed(seed)
            np.random.seed(seed)
            torch.manual_seed(seed)
            if device.type == "cuda":
                torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False

    @abstractmethod
    def act(self, observations: Array, memory: Any, *, explore: bool) -> tuple[Array, Any]:
        """What to do.

        Args:
            observations: (N, …), one row for each environment.
            memory: what the policy carries from step to step, N rows; None for a policy without memory.
            explore: sample; otherwise the deterministic policy.

        Returns:
            (N, …) actions of the environment, and the memory to go on with.
        """

    def explore(self, observations: Array, memory: Any) -> tuple[Array, Any]:
        """What to do while training; `act` with exploration unless overridden."""
        return self.act(observations, memory, explore=True)

    def beginning(self, episodes: Array) -> Any:
        """The memory with which the episodes of these numbers begin."""
        return None

    @abstractmethod
    def experience(self, steps: int | None = None) -> Experience:
        """An empty store of what the algorithm learns from.

        Args:
            steps: environment steps of the run, where known: a store need not be larger than these fill.
        """

    @abstractmethod
    def update(self, batch: Any) -> dict[str, Tensor]:
        """One gradient step of everything that is learned, from a batch of the algorithm's experience.

        Returns:
            Scalars named in `metrics`.
        """

    def watch(self, experience: Experience, before: int) -> None:  # noqa: B027, most algorithms need not
        """Look at what was experienced, after every step and before the updates that are due.

        Args:
            experience: the learner's own.
            before: environment steps before this one.
        """

    def compile(  # noqa: B027, most algorithms cannot
        self, tell: Callable[[str], None], like: Learner | None = None
    ) -> None:
        """Have updates and actions compiled, where the algorithm can; `tell` is given the reason where it fails.

        Args:
            tell: is given the reason.
            like: a learner that differs in its numbers alone: what was compiled for it is used.
        """

    @abstractmethod
    def networks(self) -> dict[str, nn.Module]:
        """The trained networks by name."""

    @abstractmethod
    def fresh_networks(self, network: Family) -> dict[str, nn.Module]:
        """Networks like `networks` of another family, newly initialised."""

    def family_of(self, name: str) -> Family:
        """The family of one of `networks`."""
        return self.network

    @abstractmethod
    def optimizers(self) -> dict[str, Optimizer]:
        """Every optimizer, by name."""

    def targets(self) -> dict[str, nn.Module]:
        """Delayed copies of networks, by name."""
        return {}

    def learned(self) -> dict[str, Tensor]:
        """Tensors learned outside networks, by name."""
        return {}

    def laws(self) -> dict[str, Law]:
        """What of it has a law under the group, by name: how far each is kept is measured as it learns."""
        return {}

    def audits(self) -> list[tuple[int, Watched]]:
        """What was found of the symmetry while learning, with the step after which."""
        return []

    def mean_action(self, observations: Tensor) -> Tensor:
        """The deterministic policy in [-1, 1], (batch, action_dim), from flattened observations.

        Raises:
            InputError: the algorithm has no such function, which audits of runs ask for.
        """
        raise InputError(f"agent={self.settings.name} says no mean actions, which an audit of a run needs")

    def scores(self, observations: Tensor) -> Tensor | None:
        """(batch, actions) the largest of which says which discrete action is done; None where they are continuous."""
        return None

    def best_action(self, observations: Tensor) -> Tensor:
        """What `act` does without exploring, as a function of tensors: (batch, …) in the environment's own units.

        Args:
            observations: (batch, …), flattened.
        """
        space: Any = self.problem.action_space
        scores = self.scores(observations)
        if scores is not None:
            return int(space.start) + scores.argmax(-1)
        low, high = (torch.as_tensor(end, device=self.device) for end in (space.low, space.high))
        scaled = self.mean_action(observations).reshape(-1, *low.shape)
        return low + 0.5 * (scaled + 1) * (high - low)

    def state_values(self, observations: Tensor) -> Tensor:
        """V(s) of the deterministic policy, (batch,), from flattened observations.

        Raises:
            InputError: the algorithm has no such function, which audits of runs ask for.
        """
        raise InputError(f"agent={self.settings.name} has no values of states, which an audit of a run needs")

    def normalised(self, observations: Tensor) -> Tensor:
        """Observations as networks read them, of the shape they had."""
        if self.normaliser is None:
            return observations
        normalised: Tensor = self.normaliser(observations.flatten(1))
        return normalised.view_as(observations)

    def predict(self, observation: Array | Mapping[str, Array], deterministic: bool = True) -> tuple[Array, None]:
        """The action for one observation, or for a batch of them.

        The signature is stable-baselines3's, so that its tools take a learner for a policy.

        Raises:
            InputError: the observation has another shape, or the policy a memory.
        """
        if self.has_memory:
            raise InputError(f"agent={self.settings.name} has a memory, which predict does not carry on; call act")
        space = self.problem.observation_space
        array = np.asarray(observation)
        alone = array.shape == space.shape
        if not alone and array.shape[1:] != space.shape:
            raise InputError(f"the observation has shape {array.shape}, expected {space.shape} or a batch of such")
        actions, _ = self.act(array[None] if alone else array, None, explore=not deterministic)
        return (actions[0] if alone else actions), None

    @property
    def observation_rep(self) -> Representation:
        """Representation on the flattened observation."""
        return self.problem.observation.rep

    def state_dict(self) -> dict[str, Any]:
        """Everything that `load_state_dict` needs to go on."""
        return {
            "networks": {name: module.state_dict() for name, module in self._modules().items()},
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers().items()},
            "learned": {name: tensor.detach() for name, tensor in self.learned().items()},
            "steps": self.steps,
            "updates": self.updates,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put everything back.

        Raises:
            RuntimeError, KeyError, ValueError: the state belongs to another learner.
        """
        self.load_networks(state)
        for name, optimizer in self.optimizers().items():
            optimizer.load_state_dict(state["optimizers"][name])
        with torch.no_grad():
            for name, tensor in self.learned().items():
                tensor.copy_(state["learned"][name])
        self.steps, self.updates = int(state["steps"]), int(state["updates"])

    def load_networks(self, state: Mapping[str, Any]) -> None:
        """Put networks alone back, for acting.

        Raises:
            RuntimeError, KeyError: the state belongs to other networks.
        """
        for name, module in self._modules().items():
            module.load_state_dict(state["networks"][name])

    def _groups(self, network: Family, modules: Sequence[nn.Module]) -> list[dict[str, Any]]:
        """Parameters of networks of one family, with the learning rate of each."""
        rate = self.settings.learning_rate
        groups = network.parameter_groups(modules)
        return [{"params": group["params"], "lr": rate * group.get(RATE, 1.0)} for group in groups]

    def _modules(self) -> dict[str, nn.Module]:
        also = {} if self.normaliser is None else {"normaliser": self.normaliser}
        return {**self.networks(), **self.targets(), **also}
