"""What SAC and DrQ-v2 share: encoder, actor and critics on any observation, exploration, replay and targets."""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation
from nearsym.networks import (
    Actor,
    Applied,
    Auxiliary,
    Critic,
    DeterministicActor,
    Encoder,
    Family,
    Normaliser,
    Trunk,
    encoder_for,
    family_of_critics,
    trunk_for,
)

from .acting import ActingPolicy
from .adam import Adam
from .compiled import RECORDED, CannotCompileError
from .experience import Batch, Experience
from .flat import Flat
from .learner import Array, Law, Learner, Optimizer
from .precision import precision_of_images
from .problem import ActionBox, Problem
from .random_shift import draw_shifts, shifted
from .replay import FrameReplay, VectorReplay
from .settings import OffPolicySettings
from .symmetry_augmentation import LawOnOrbits, OrbitAugmentation, SymmetryAugmentation
from .update_rule import CompiledUpdate, Drawn, Step, UpdateRule
from .watching import Watched, Watching


class ActorCritic(Learner):
    """Base of off-policy algorithms with an actor and an ensemble of critics.

    Actor and critics share an encoder, which the critics' loss alone trains: convolutions where images are observed,
    nothing otherwise. Each has a trunk of its own between encoder and head, see `nearsym.networks.trunk_for`. Only
    the critics have a delayed copy; it reads the online encoder (Yarats et al., DrQ-v2, arXiv 2107.09645).

    Arguments are those of `Learner`.

    Attributes:
        delayed: the parameters of the critics' copy that follow the critics'.
        untrained: all other parameters without gradient, which may change between updates (`Family.clocks`,
            `Family.keep`, `Auxiliary.observe`); None where there are none.
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
            if settings.normalise:
                raise InputError("agent.normalise is for vectors, and the environment observes images; leave it out")
        self.normaliser = Normaliser(problem.observation.rep).to(device) if settings.normalise else None
        built = self._build(network)
        self.encoder, self.actor, self.critic = built["encoder"], built["actor"], built["critic"]
        if problem.is_image:
            self.precision = self.encoder.precision = precision_of_images(settings.precision, device)
        self.auxiliary: Auxiliary | None = built.get("auxiliary")
        self.critic_target = self._target().requires_grad_(False)
        for module in (self.encoder, self.actor, self.critic, self.critic_target, self.auxiliary):
            if module is not None:
                module.to(device)
        self.actor_optimizer = Adam(self._groups(network, [self.actor]))
        self.critic_optimizer = Adam(self._groups(family_of_critics(network), [self.encoder, self.critic]))
        self.auxiliary_optimizer: Adam | None = None
        if self.auxiliary is not None:
            self.auxiliary_optimizer = Adam(self._groups(network, [self.auxiliary]))
        self.acting = ActingPolicy(self.actor, self.policy, self.actor_optimizer.flat, self.auxiliary)
        pairs = zip(self.critic.named_parameters(), self.critic_target.parameters(), strict=True)
        moving = [(name, delayed) for (name, online), delayed in pairs if online.requires_grad]
        self._moving, self.delayed = [name for name, _ in moving], Flat(delayed for _, delayed in moving)
        moved = set(map(id, self.delayed.parameters_in_order))
        everything = [each for module in (*built.values(), self.critic_target) for each in module.parameters()]
        untrained = [each for each in everything if not each.requires_grad and id(each) not in moved]
        self.untrained = Flat(untrained) if untrained else None
        self._clocks = [clock for name, module in self._built() for clock in self.family_of(name).clocks(module)]
        self.watching = Watching(self, list(self._built()), seed or 0)
        self._step: Step = self.step
        self.compiled: CompiledUpdate | None = None
        self._augmentation: Callable[[Batch], Batch] | None = None
        if network.augment:
            kind = OrbitAugmentation if network.whole_orbits else SymmetryAugmentation
            self._augmentation = kind(problem.symmetry, device, seed or 0)
        self._on_orbits = {
            name: LawOnOrbits(name, law, device)
            for name, law in self._laws(self._mean_action, self._action_values).items()  # batches are normalised
            if self.family_of(name).compares_orbits
        }

    def networks(self) -> dict[str, nn.Module]:
        """Encoder where there is one, actor and critics, and what is learned beside them."""
        beside = {} if self.auxiliary is None else {"auxiliary": self.auxiliary}
        return _with_parameters({"encoder": self.encoder, "actor": self.actor, "critic": self.critic, **beside})

    def fresh_networks(self, network: Family) -> dict[str, nn.Module]:
        """The same of another family."""
        return _with_parameters(self._build(network))

    def family_of(self, name: str) -> Family:
        """That of actor and auxiliary, or of critics and encoder."""
        return self.network if name in ("actor", "auxiliary") else family_of_critics(self.network)

    def targets(self) -> dict[str, nn.Module]:
        """The delayed critics."""
        return {"critic_target": self.critic_target}

    def adams(self) -> dict[str, Adam]:
        """Of the actor, of encoder and critics, and of what is learned beside them."""
        beside = {} if self.auxiliary_optimizer is None else {"auxiliary": self.auxiliary_optimizer}
        return {"actor": self.actor_optimizer, "critic": self.critic_optimizer, **beside}

    def optimizers(self) -> dict[str, Optimizer]:
        """`adams`."""
        return dict(self.adams())

    def _built(self) -> Iterator[tuple[str, nn.Module]]:
        """What is built by families, with the name of the network whose family it was."""
        yield from (("encoder", self.encoder), ("actor", self.actor), ("critic", self.critic))
        yield "critic", self.critic_target

    def modules(self) -> dict[str, nn.Module]:
        """Everything that `step` reads parameters of."""
        return {**self.networks(), **self.targets()}

    def experience(self, steps: int | None = None) -> Experience:
        """Replay of frames for images, of transitions otherwise, no larger than the run can fill."""
        kind = FrameReplay if self.problem.is_image else VectorReplay
        capacity = self.settings.buffer_size
        if steps is not None:  # all environments take the last step too; an episode of one step takes two frames
            taken = math.ceil(steps / self.problem.environments) * self.problem.environments
            capacity = min(capacity, 2 * taken if self.problem.is_image else taken)
        return kind(self.settings, self.problem, self.device, capacity)

    def explore(self, observations: Array, memory: Any) -> tuple[Array, Any]:
        """Uniformly random actions until learning starts; what is seen is taken into statistics."""
        if self.normaliser is not None:
            self.normaliser.update(observations)
        if self.steps >= self.settings.learning_starts:
            return self.act(observations, memory, explore=True)
        drawn = np.array([self._actions.sample() for _ in range(len(observations))])
        # through [-1, 1], so that what is stored is what was done
        return self.box.to_env(self.box.from_env(drawn)), memory

    @torch.no_grad()
    def act(self, observations: Array, memory: Any, *, explore: bool) -> tuple[Array, Any]:
        """What to do, from (N, …) observations; the policy has no memory."""
        features = self.features(observations)
        noise = self.exploration(len(features)) if explore else self.no_noise(len(features))
        return self.box.to_env(self.acting(features, noise).cpu().numpy()), memory

    @torch.no_grad()
    def features(self, observations: Array) -> Tensor:
        """The encoder's, of (N, …) observations."""
        tensor = torch.as_tensor(observations, device=self.device)
        features: Tensor = self.encoder(tensor if self.problem.is_image else self.normalised(tensor.float()))
        return features

    @abstractmethod
    def policy(self, outputs: Any, noise: Tensor) -> Tensor:
        """(batch, action_dim) actions in [-1, 1] from what the actor gives and noise, which is 0 where none is wanted.

        Like `step` a function of tensors alone, which may be compiled.
        """

    def exploration(self, count: int) -> Tensor:
        """(count, action_dim) the noise to explore with: normal numbers."""
        return torch.randn_like(self.no_noise(count))

    def no_noise(self, count: int) -> Tensor:
        """(count, action_dim) zeros."""
        like = self.actor_optimizer.flat.tensor
        return torch.zeros((count, self.problem.symmetry.action.dim), dtype=like.dtype, device=like.device)

    def laws(self) -> dict[str, Law]:
        """Of the deterministic policy, and of all critics."""
        return self._laws(self.mean_action, self.action_values)

    def _laws(
        self, mean_action: Callable[[Tensor], Tensor], action_values: Callable[[Tensor, Tensor], Tensor]
    ) -> dict[str, Law]:
        rep, action = self.observation_rep, self.problem.symmetry.action

        def values(pairs: Tensor) -> Tensor:
            return action_values(pairs[:, : rep.dim], pairs[:, rep.dim :]).T

        invariant = Representation.trivial(rep.group, self.members)
        return {"actor": Law(mean_action, rep, action), "critic": Law(values, rep.direct_sum(action), invariant)}

    def mean_action(self, observations: Tensor) -> Tensor:
        """The deterministic policy."""
        return self._mean_action(self.normalised(observations))

    def _mean_action(self, observations: Tensor) -> Tensor:
        """The same from observations as networks read them."""
        return self.policy(self.actor(self.encoded(observations)), self.no_noise(observations.shape[0]))

    def action_values(self, observations: Tensor, actions: Tensor) -> Tensor:
        """All critics, (members, batch), of flattened observations and actions in [-1, 1]."""
        return self._action_values(self.normalised(observations), actions)

    def _action_values(self, observations: Tensor, actions: Tensor) -> Tensor:
        """The same from observations as networks read them."""
        values: Tensor = self.critic(self.encoded(observations), actions)
        return values

    def state_values(self, observations: Tensor) -> Tensor:
        """The least of the critics, of what the policy does."""
        return self.action_values(observations, self.mean_action(observations)).min(dim=0).values

    def encoded(self, observations: Tensor) -> Tensor:
        """The encoder's features of flattened observations, as networks read them."""
        features: Tensor = self.encoder(observations.view(-1, *self.problem.observation_space.shape))
        return features

    def learned(self) -> dict[str, Tensor]:
        """Nothing beside networks."""
        return {}

    def watch(self, experience: Experience, before: int) -> None:
        """`Watching.after`."""
        self.watching.after(experience, before)

    def audits(self) -> list[tuple[int, Watched]]:
        """Of its experience, where its families asked for them."""
        return self.watching.found

    def state_dict(self) -> dict[str, Any]:
        """With the generator of random actions, and what was found while watching."""
        actions = self._actions.np_random.bit_generator.state
        return {**super().state_dict(), "actions": actions, "watched": self.watching.state()}

    def load_networks(self, state: Any) -> None:
        """With what was found while watching."""
        super().load_networks(state)
        self.watching.restore(state.get("watched", []))

    def load_state_dict(self, state: Any) -> None:
        """Put everything back."""
        super().load_state_dict(state)
        self._actions.np_random.bit_generator.state = state["actions"]

    def update(self, batch: Batch) -> dict[str, Tensor]:
        """`step` on a batch, see `prepared`."""
        self.delayed.gather()
        losses = self._step(*self.prepared(batch))
        self.updates += 1
        return losses

    def prepared(self, batch: Batch) -> tuple[Batch, Drawn]:
        """A batch, with ``network.augment`` transitions moved by group elements, and random numbers.

        Clocks of networks are set, observations are normalised (statistics change from update to update), and what a
        family learns beside actor and critics takes its own statistics.
        """
        with torch.no_grad():
            for clock in self._clocks:
                clock.fill_(self.updates)
        batch = batch if self._augmentation is None else self._augmentation(batch)
        if self.normaliser is not None:
            seen = (batch.observations, batch.next_observations)
            observations, following = (self.normalised(each.float()) for each in seen)
            batch = batch._replace(observations=observations, next_observations=following)
        if self.auxiliary is not None:
            self.auxiliary.observe(batch)
        return batch, self.draw(len(batch.actions))

    def compile(self, tell: Callable[[str], None], like: Learner | None = None) -> None:
        """Have the first update compile `step` for batches of its size, and the first action the actor."""
        if isinstance(like, ActorCritic) and like.compiled is not None and self.device.type not in RECORDED:
            self.compiled = like.compiled
            self._step = UpdateRule(self).step(self.compiled)
            self.acting.share(like.acting)
            return
        said: list[str] = []

        def tell_once(reason: str) -> None:
            if reason not in said:
                tell(reason)
            said.append(reason)

        def first(batch: Batch, drawn: Drawn) -> dict[str, Tensor]:
            try:
                rule = UpdateRule(self)
                self.compiled = rule.compiled(batch, drawn)
                self._step = rule.step(self.compiled)
            except CannotCompileError as error:
                tell_once(str(error))
                self._step = self.step
            return self._step(batch, drawn)

        self._step = first
        self.acting.compile(tell_once)

    @abstractmethod
    def step(self, batch: Batch, drawn: Drawn) -> dict[str, Tensor]:
        """One update from a batch and random numbers; changes nothing but networks and their optimizers.

        It may be compiled: every number that differs from update to update is in `batch` and `drawn`, and nothing
        depends on a tensor's values but by arithmetic.
        """

    def draw(self, count: int) -> Drawn:
        """Random numbers of an update on `count` transitions: shifts of images, and normal noise for two actions each.

        Of the next observations first, then of the observations.
        """
        drawn: Drawn = {}
        for whose in ("next_", ""):
            if self.problem.is_image:
                drawn[f"{whose}shifts"] = draw_shifts(count, self.device)
            like = self.actor_optimizer.flat.tensor
            shape = count, self.problem.symmetry.action.dim
            drawn[f"{whose}noise"] = torch.randn(shape, dtype=like.dtype, device=like.device)
        return drawn

    def read(self, observations: Tensor, shifts: Tensor | None) -> Tensor:
        """The encoder's features: of images shifted at random, of vectors in single precision."""
        features: Tensor = self.encoder(observations.float() if shifts is None else shifted(observations, *shifts))
        return features

    def learn_beside(self, batch: Batch) -> None:
        """One step of what is learned from transitions beside actor and critics, where there is something."""
        auxiliary = self.auxiliary
        if auxiliary is not None and self.auxiliary_optimizer is not None:
            self.auxiliary_optimizer.minimize(lambda: (auxiliary.loss(batch), ()))

    def move_target(self) -> None:
        """One Polyak step of the delayed critics: θ̄ ← (1 - τ) θ̄ + τ θ."""
        online = dict(self.critic.named_parameters())
        with torch.no_grad():
            flat = torch.cat([online[name].reshape(-1) for name in self._moving])
            self.delayed.tensor.add_(self.settings.tau * (flat - self.delayed.tensor))

    def penalised(self, loss: Tensor, parts: Sequence[nn.Module], scale: Tensor, batch: Batch) -> Tensor:
        """A loss on a batch with what the family of each part, encoder, actor or critics, adds, in units of `scale`."""
        for part in parts:
            name = "actor" if part is self.actor else "critic"
            applied = None if part is self.encoder else self._applied(name, batch)
            penalty = self.family_of(name).regularizer(part, scale, applied)
            loss = loss if penalty is None else loss + penalty
        return loss

    def _applied(self, name: str, batch: Batch) -> Applied | None:
        """The actor on a batch's observations, or the critics with its actions, where their family looks at that."""
        if name not in self._on_orbits:
            return None
        observations = batch.observations.flatten(1).float()
        inputs = observations if name == "actor" else torch.cat([observations, batch.actions], dim=1)
        return self._on_orbits[name](inputs)

    def _target(self) -> nn.Module:
        """A copy of the critics."""
        return copy.deepcopy(self.critic)

    def _build(self, network: Family) -> dict[str, Any]:
        """Encoder, actor and critics, built in this order: it decides which random numbers each gets.

        What is learned beside them comes before the actor, where there is something.

        Raises:
            InputError: critics alone are to have something beside them.
        """
        critics, action = family_of_critics(network), self.problem.symmetry.action
        if critics is not network and critics.has_auxiliary:
            raise InputError(
                f"network.critic={critics.name} needs what is learned beside actors of its own kind; use "
                f"network={critics.name}"
            )
        encoder = encoder_for(self.problem.observation, critics, filters=self.settings.filters)
        auxiliary = network.auxiliary(self.problem.observation, action) if network.has_auxiliary else None

        def build(own: Family) -> nn.Module:
            return self.actor_type(self._trunk(encoder, own), action, own)

        built: dict[str, Any] = {"encoder": encoder, "actor": network.assembled("actor", build, auxiliary)}
        built["critic"] = self._critic(encoder, critics, auxiliary)
        return built if auxiliary is None else {**built, "auxiliary": auxiliary}

    def _critic(self, encoder: Encoder, network: Family, auxiliary: Auxiliary | None) -> nn.Module:
        def build(own: Family) -> nn.Module:
            return Critic(self._trunk(encoder, own), self.problem.symmetry.action, own, members=self.members)

        critic: nn.Module = network.assembled("critic", build, auxiliary)
        return critic

    def _trunk(self, encoder: Encoder, network: Family) -> Trunk:
        return trunk_for(encoder, network, self.settings.features)


def _with_parameters(modules: dict[str, nn.Module]) -> dict[str, nn.Module]:
    return {name: module for name, module in modules.items() if any(True for _ in module.parameters())}
