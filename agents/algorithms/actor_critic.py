"""What SAC and DrQ-v2 share: encoder, actor and critics on any observation, exploration, replay and targets."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation
from nearsym.networks import Actor, Critic, DeterministicActor, Encoder, Family, Trunk, encoder_for, trunk_for

from .acting import ActingActor
from .adam import Adam
from .experience import Batch, Experience
from .learner import Array, Law, Learner
from .losses import polyak_update
from .problem import ActionBox, Problem
from .random_shift import random_shift
from .replay import FrameReplay, VectorReplay
from .settings import OffPolicySettings
from .symmetry_augmentation import SymmetryAugmentation


class ActorCritic(Learner):
    """Base of off-policy algorithms with an actor and an ensemble of critics.

    Actor and critics share an encoder, which the critics' loss alone trains: convolutions where images are observed,
    nothing otherwise. Each has a trunk of its own between encoder and head, see `nearsym.networks.trunk_for`. Only
    the critics have a delayed copy; it reads the online encoder (Yarats et al., DrQ-v2, arXiv 2107.09645).

    Arguments are those of `Learner`.
    """

    actor_type: ClassVar[type[Actor] | type[DeterministicActor]]
    members: ClassVar[int] = 2
    settings: OffPolicySettings
    encoder: Encoder

    def __init__(
        self,
        settings: OffPolicySettings,
        network: Family,
        problem: Problem,
        device: torch.device,
        seed: int | None = None,
    ) -> None:
        super().__init__(settings, network, problem, device, seed)
        self.box = ActionBox(problem.action_space)
        self._actions = copy.deepcopy(problem.action_space)
        self._actions.seed(seed)
        if problem.is_image:
            self.measured_states = 32
        built = self._build(network)
        self.encoder, self.actor, self.critic = built["encoder"], built["actor"], built["critic"]
        self.acting_actor = ActingActor(self.actor)
        self.critic_target = self._target().requires_grad_(False)
        for module in (self.encoder, self.actor, self.critic, self.critic_target):
            module.to(device)
        rate = settings.learning_rate
        self.actor_optimizer = Adam(self._groups([self.actor], rate), lr=rate, fused=True)
        self.critic_optimizer = Adam(self._groups([self.encoder, self.critic], rate), lr=rate, fused=True)
        pairs = zip(self.critic.parameters(), self.critic_target.parameters(), strict=True)
        moving = [(online, delayed) for online, delayed in pairs if online.requires_grad]
        self._online, self._delayed = [online for online, _ in moving], [delayed for _, delayed in moving]
        self._augmentation = SymmetryAugmentation(problem.symmetry, device, seed or 0) if network.augment else None

    def networks(self) -> dict[str, nn.Module]:
        """Encoder where there is one, actor and critics."""
        return _with_parameters({"encoder": self.encoder, "actor": self.actor, "critic": self.critic})

    def fresh_networks(self, network: Family) -> dict[str, nn.Module]:
        """The same of another family."""
        return _with_parameters(self._build(network))

    def targets(self) -> dict[str, nn.Module]:
        """The delayed critics."""
        return {"critic_target": self.critic_target}

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Of the actor, and of encoder and critics."""
        return {"actor": self.actor_optimizer, "critic": self.critic_optimizer}

    def experience(self, steps: int | None = None) -> Experience:
        """Replay of frames for images, of transitions otherwise, no larger than the run can fill."""
        kind = FrameReplay if self.problem.is_image else VectorReplay
        capacity = self.settings.buffer_size
        if steps is not None:  # an episode of one step takes two frames
            capacity = min(capacity, 2 * steps if self.problem.is_image else steps)
        return kind(self.settings, self.problem, self.device, capacity)

    def explore(self, observations: Array, memory: Any) -> tuple[Array, Any]:
        """Uniformly random actions until learning starts."""
        if self.steps >= self.settings.learning_starts:
            return self.act(observations, memory, explore=True)
        drawn = np.array([self._actions.sample() for _ in range(len(observations))])
        # through [-1, 1], so that what is stored is what was done
        return self.box.to_env(self.box.from_env(drawn)), memory

    @torch.no_grad()
    def act(self, observations: Array, memory: Any, *, explore: bool) -> tuple[Array, Any]:
        """What to do, from (N, …) observations; the policy has no memory."""
        tensor = torch.as_tensor(observations, device=self.device)
        features = self.encoder(tensor if self.problem.is_image else tensor.float())
        actions = self.policy(features, explore=explore)
        return self.box.to_env(actions.cpu().numpy()), memory

    @abstractmethod
    def policy(self, features: Tensor, *, explore: bool) -> Tensor:
        """(batch, action_dim) actions in [-1, 1] from the encoder's features."""

    def laws(self) -> dict[str, Law]:
        """Of the deterministic policy, and of all critics."""
        rep, action = self.observation_rep, self.problem.symmetry.action

        def values(pairs: Tensor) -> Tensor:
            return self.action_values(pairs[:, : rep.dim], pairs[:, rep.dim :]).T

        invariant = Representation.trivial(rep.group, self.members)
        return {"actor": Law(self.mean_action, rep, action), "critic": Law(values, rep.direct_sum(action), invariant)}

    def mean_action(self, observations: Tensor) -> Tensor:
        """The deterministic policy."""
        return self.policy(self.encoded(observations), explore=False)

    def action_values(self, observations: Tensor, actions: Tensor) -> Tensor:
        """All critics."""
        values: Tensor = self.critic(self.encoded(observations), actions)
        return values

    def encoded(self, observations: Tensor) -> Tensor:
        """The encoder's features of flattened observations."""
        features: Tensor = self.encoder(observations.view(-1, *self.problem.observation_space.shape))
        return features

    def learned(self) -> dict[str, Tensor]:
        """Nothing beside networks."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """With the generator of random actions."""
        return {**super().state_dict(), "actions": self._actions.np_random.bit_generator.state}

    def load_state_dict(self, state: Any) -> None:
        """Put everything back."""
        super().load_state_dict(state)
        self._actions.np_random.bit_generator.state = state["actions"]

    def prepared(self, batch: Batch) -> Batch:
        """A replayed batch as it is, or with ``network.augment`` each transition moved by a random group element."""
        return batch if self._augmentation is None else self._augmentation(batch)

    def shifted(self, observations: Tensor) -> Tensor:
        """Images shifted at random; vectors in single precision, as networks take them."""
        return random_shift(observations) if self.problem.is_image else observations.float()

    def move_target(self) -> None:
        """One Polyak step of the delayed critics."""
        polyak_update(self._online, self._delayed, self.settings.tau)

    def penalties(self, parts: Sequence[nn.Module], scale: Tensor) -> list[Tensor | None]:
        """What the network's family adds to a loss for each part, in units of `scale`."""
        return [self.network.regularizer(part, scale) for part in parts if any(True for _ in part.parameters())]

    def _target(self) -> nn.Module:
        """A copy of the critics."""
        return copy.deepcopy(self.critic)

    def _build(self, network: Family) -> dict[str, Any]:
        """Encoder, actor and critics, built in this order: it decides which random numbers each gets."""
        encoder = encoder_for(self.problem.observation, network, filters=self.settings.filters)
        actor = self.actor_type(self._trunk(encoder, network), self.problem.symmetry.action, network)
        return {"encoder": encoder, "actor": actor, "critic": self._critic(encoder, network)}

    def _critic(self, encoder: Encoder, network: Family) -> Critic:
        return Critic(self._trunk(encoder, network), self.problem.symmetry.action, network, members=self.members)

    def _trunk(self, encoder: Encoder, network: Family) -> Trunk:
        return trunk_for(encoder, network, self.settings.features)

    def _groups(self, modules: Sequence[nn.Module], rate: float) -> list[dict[str, Any]]:
        """Parameters with the learning rate of each."""
        groups = self.network.parameter_groups(modules)
        return [{"lr": rate * group.pop("rate", 1.0), **group} for group in map(dict, groups)]


def _with_parameters(modules: dict[str, nn.Module]) -> dict[str, nn.Module]:
    return {name: module for name, module in modules.items() if any(True for _ in module.parameters())}
