"""Deep Q-learning with symmetric networks, for discrete actions."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, cast

import gymnasium
import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.networks import Auxiliary, Family, Head, Normaliser, encoder_for, trunk_for

from .experience import Batch
from .learner import Array, Law, Learner, Optimizer
from .problem import Problem
from .replay import VectorReplay
from .settings import OffPolicySettings, check_range
from .symmetry_augmentation import OrbitAugmentation, SymmetryAugmentation


@dataclass(frozen=True)
class DQNSettings(OffPolicySettings):
    """Hyperparameters of deep Q-learning; defaults are stable-baselines3's, but for `tau`.

    Attributes:
        exploration_first: chance of a random action at the start.
        exploration_last: the same after `exploration_steps` steps.
        exploration_steps: steps over which it falls linearly.
        max_grad_norm: length at which the gradient is cut off.

    Raises:
        InputError: a value is out of range.
    """

    name: str = "dqn"
    learning_rate: float = 1e-4
    batch_size: int = 32
    learning_starts: int = 100
    train_every: int = 4
    exploration_first: float = 1.0
    exploration_last: float = 0.05
    exploration_steps: int = 10_000
    max_grad_norm: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("agent", self, 1, ("exploration_steps",))
        check_range("agent", self, 0, ("max_grad_norm",))
        check_range("agent", self, 0, ("exploration_first", "exploration_last"), 1)


class DQNLearner(Learner):
    """Mnih et al., "Human-level control through deep reinforcement learning" (Nature 518, 2015), from vectors.

    One update, with the Huber loss h:

        mean h(Q(s, a) - r - γ (1 - d) max_a' Q̄(s', a'))

    Values of all actions are exchanged as the group exchanges these, Q(gs, ga) = Q(s, a), as far as the network is
    equivariant. Arithmetic is stable-baselines3's, but for the regulariser of the network's family, in units of the
    loss, and for the delayed network: it follows by a Polyak step of `tau` after every update, where stock copies the
    network every 10,000 steps.

    Arguments are those of `Learner`.

    Raises:
        InputError: the environment observes images, or the network has another family for its critics.
    """

    settings_type = DQNSettings
    metrics = ("critic_loss", "value", "exploration")
    actions = gymnasium.spaces.Discrete
    settings: DQNSettings

    def __init__(
        self, settings: DQNSettings, network: Family, problem: Problem, device: torch.device, seed: int | None = None
    ) -> None:
        super().__init__(settings, network, problem, device, seed)
        if problem.is_image:
            raise InputError(
                "agent=dqn reads vectors, and the environment observes images; use stable-baselines3's DQN"
            )
        if network.critic is not None:
            raise InputError(f"network.critic={network.critic} is for agents with an actor; agent=dqn has values alone")
        network.check_without_learner("agent=dqn", learns_beside=True)
        space = problem.action_space
        assert isinstance(space, gymnasium.spaces.Discrete)
        self._count, self._first = int(space.n), int(space.start)
        self.normaliser = Normaliser(self.observation_rep).to(device) if settings.normalise else None
        built = {name: module.to(device) for name, module in self._build(network).items()}
        self.q_network, self.auxiliary = built["q_network"], cast(Auxiliary | None, built.get("auxiliary"))
        self.q_target = copy.deepcopy(self.q_network).requires_grad_(False)
        self.optimizer = torch.optim.Adam(self._groups(network, [self.q_network]))
        self.auxiliary_optimizer: torch.optim.Adam | None = None
        if self.auxiliary is not None:
            self.auxiliary_optimizer = torch.optim.Adam(self._groups(network, [self.auxiliary]))
        self._clocks = [*network.clocks(self.q_network), *network.clocks(self.q_target)]
        self._augmentation: SymmetryAugmentation | OrbitAugmentation | None = None
        if network.augment:
            kind = OrbitAugmentation if network.whole_orbits else SymmetryAugmentation
            self._augmentation = kind(problem.symmetry, device, seed or 0)

    def networks(self) -> dict[str, nn.Module]:
        """Values of all actions, and what is learned beside them."""
        beside = {} if self.auxiliary is None else {"auxiliary": self.auxiliary}
        return {"q_network": self.q_network, **beside}

    def targets(self) -> dict[str, nn.Module]:
        """The delayed ones."""
        return {"q_target": self.q_target}

    def fresh_networks(self, network: Family) -> dict[str, nn.Module]:
        """The same of another family."""
        return self._build(network)

    def _build(self, network: Family) -> dict[str, nn.Module]:
        symmetry = self.problem.symmetry

        def build(own: Family) -> nn.Module:
            return Head(trunk_for(encoder_for(symmetry.observation, own), own), symmetry.action, own)

        if not network.has_auxiliary:
            return {"q_network": network.assembled("values", build, None)}
        auxiliary = network.auxiliary(symmetry.observation, symmetry.action, discrete=True)
        assert auxiliary is not None
        return {"q_network": network.assembled("values", build, auxiliary), "auxiliary": auxiliary}

    def optimizers(self) -> dict[str, Optimizer]:
        """Of the values, and of what is learned beside them."""
        beside = {} if self.auxiliary_optimizer is None else {"auxiliary": self.auxiliary_optimizer}
        return {"q_network": self.optimizer, **beside}

    def experience(self, steps: int | None = None) -> VectorReplay:
        """Replay, no larger than the run can fill."""
        held = self.settings.buffer_size
        rows = held if steps is None else min(held, steps + self.problem.environments)
        return VectorReplay(self.settings, self.problem, self.device, rows)

    @property
    def exploration(self) -> float:
        """The chance of a random action at this step."""
        settings = self.settings
        if self.steps < settings.learning_starts:
            return 1.0
        passed = min(self.steps / settings.exploration_steps, 1.0)
        return settings.exploration_first + passed * (settings.exploration_last - settings.exploration_first)

    def explore(self, observations: Array, memory: Any) -> tuple[Array, Any]:
        """`act` with exploration; what is seen is taken into statistics."""
        if self.normaliser is not None:
            self.normaliser.update(observations)
        return self.act(observations, memory, explore=True)

    @torch.no_grad()
    def act(self, observations: Array, memory: Any, *, explore: bool) -> tuple[Array, Any]:
        """The best action, or at random one of all."""
        values = self.values(torch.as_tensor(observations, device=self.device).float())
        chosen = values.argmax(-1).cpu().numpy()
        if explore:
            random = np.random.random(len(chosen)) < self.exploration
            chosen = np.where(random, np.random.randint(self._count, size=len(chosen)), chosen)
        return chosen + self._first, memory

    def values(self, observations: Tensor) -> Tensor:
        """(batch, actions) values."""
        values: Tensor = self.q_network(self.normalised(observations.flatten(1)))
        return values

    def state_values(self, observations: Tensor) -> Tensor:
        """Of the best action."""
        return self.values(observations).amax(-1)

    def laws(self) -> dict[str, Law]:
        """Of the values, which are the policy too."""
        return {"critic": Law(self.values, self.observation_rep, self.problem.symmetry.action)}

    def scores(self, observations: Tensor) -> Tensor:
        """`values`."""
        return self.values(observations)

    def update(self, batch: Batch) -> dict[str, Tensor]:
        """One gradient step, and one Polyak step of the delayed network."""
        with torch.no_grad():
            for clock in self._clocks:
                clock.fill_(self.updates)
        batch = self._prepared(batch)
        if self.auxiliary is not None:
            self.auxiliary.observe(batch)
        with torch.no_grad():
            y = batch.rewards + batch.discounts * self.q_target(batch.next_observations).amax(-1)
        values = (self.q_network(batch.observations) * batch.actions).sum(-1)
        loss = nn.functional.smooth_l1_loss(values, y)
        penalty = self.network.regularizer(self.q_network, loss)
        self.optimizer.zero_grad()
        (loss if penalty is None else loss + penalty).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.q_network.parameters(), self.settings.max_grad_norm)
        self.optimizer.step()
        with torch.no_grad():
            for delayed, online in zip(self.q_target.parameters(), self.q_network.parameters(), strict=True):
                if online.requires_grad:
                    delayed.lerp_(online, self.settings.tau)
        self._learn_beside(batch)
        self.updates += 1
        exploration = torch.tensor(self.exploration, dtype=torch.float64)
        return {"critic_loss": loss.detach(), "value": values.detach().mean(), "exploration": exploration}

    def _prepared(self, batch: Batch) -> Batch:
        """Actions as vectors of zeros and a one, which permutations move, and observations as networks read them."""
        marked = nn.functional.one_hot(batch.actions.long().flatten(), self._count).float()
        batch = batch._replace(actions=marked)
        batch = batch if self._augmentation is None else self._augmentation(batch)
        seen = (batch.observations, batch.next_observations)
        observations, following = (self.normalised(each.float().flatten(1)) for each in seen)
        return batch._replace(observations=observations, next_observations=following)

    def _learn_beside(self, batch: Batch) -> None:
        """One step of what is learned from transitions beside the values, where there is something."""
        if self.auxiliary is not None and self.auxiliary_optimizer is not None:
            self.auxiliary_optimizer.zero_grad()
            self.auxiliary.loss(batch).backward()  # type: ignore[no-untyped-call]
            self.auxiliary_optimizer.step()
