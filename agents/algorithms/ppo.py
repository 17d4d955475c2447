"""Proximal policy optimisation with symmetric networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation
from nearsym.networks import Family, Head, Normaliser, encoder_for, mirror_loss, trunk_for

from .distributions import Categorical, Gaussian
from .learner import Array, Law, Learner, Optimizer
from .on_policy import RolloutBatch, Rollouts
from .problem import Problem
from .settings import LARGEST_LOG, AgentSettings, check_range
from .symmetry_augmentation import LawOnOrbits, Orbit


@dataclass(frozen=True)
class PPOSettings(AgentSettings):
    """Hyperparameters of PPO; defaults are stable-baselines3's.

    Attributes:
        batch_size: steps in each gradient step.
        rollout_steps: steps of every environment between updates.
        epochs: passes over them.
        gae_lambda: λ of the advantages.
        clip_range: how far the ratio of probabilities may move before it earns nothing more.
        value_coefficient: weight of the value's squared error.
        entropy_coefficient: weight of the entropy bonus.
        max_grad_norm: length at which the gradient is cut off.
        log_std_init: what the logarithm of the standard deviation of continuous actions starts from.
        normalise: observations by their running mean and variance, averaged over orbits; they change between updates.
        mirror: weight of a mirror loss on the policy; for plain networks the same as ``network=mirror``.

    Raises:
        InputError: a value is out of range.
    """

    name: str = "ppo"
    batch_size: int = 64
    rollout_steps: int = 2048
    epochs: int = 10
    gae_lambda: float = 0.95
    clip_range: float = 0.2
    value_coefficient: float = 0.5
    entropy_coefficient: float = 0.0
    max_grad_norm: float = 0.5
    log_std_init: float = 0.0
    normalise: bool = False
    mirror: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("agent", self, 2, ("batch_size", "rollout_steps"))
        check_range("agent", self, 1, ("epochs",))
        check_range("agent", self, -LARGEST_LOG, ("log_std_init",), LARGEST_LOG)
        positive = ("clip_range", "value_coefficient", "entropy_coefficient", "max_grad_norm", "mirror")
        check_range("agent", self, 0, positive)
        if not 0 <= self.gae_lambda <= 1:
            raise InputError(f"agent.gae_lambda is {self.gae_lambda}, expected a number from 0 to 1")


class PPOLearner(Learner):
    """Schulman et al., "Proximal Policy Optimization Algorithms" (arXiv 1707.06347), with the clipped objective.

    One update, on a batch of steps with advantages Â normalised in it and ratios ρ = π(a|s) / π_old(a|s):

        -mean min(ρ Â, clip(ρ, 1 - ε, 1 + ε) Â) + c_v mean (V(s) - R)² - c_e entropy + w · mirror

    Its arithmetic is stable-baselines3's, but for the regulariser of the network's family, which is added in units of
    the loss it belongs to: of 1 for the policy, whose advantages are normalised. Continuous actions are drawn in the
    units of [-1, 1].

    ``network.augment`` gives every step of a batch its whole orbit, (gs, ga) for every element g with the old
    log-probability, advantage and return of (s, a), as in Mittal et al., "Symmetry Considerations for Learning Task
    Symmetric Robot Policies" (arXiv 2403.04359). ``agent.mirror`` adds the mean over elements of ‖μ(gs) - ρ(g) μ(s)‖²,
    of discrete actions with probabilities for μ (Yu, Turk & Liu, arXiv 1801.08093), to networks of any family;
    ``network=mirror`` is a plain one with it.

    Arguments are those of `Learner`.
    """

    settings_type = PPOSettings
    metrics = ("policy_loss", "value_loss", "entropy", "kl", "clip_fraction")
    actions = gymnasium.Space
    settings: PPOSettings

    def __init__(
        self, settings: PPOSettings, network: Family, problem: Problem, device: torch.device, seed: int | None = None
    ) -> None:
        super().__init__(settings, network, problem, device, seed)
        group = problem.symmetry.group
        if problem.is_image:
            raise InputError("agent=ppo reads vectors, and the environment observes images; use agent=drqsac or drqv2")
        if network.augment and not group.listed:
            raise InputError(
                f"agent=ppo with network={network.label} learns from every element, and those of {group!r} are not "
                "listed; use network=exact or network=relaxed"
            )
        if settings.mirror and group.rows < 2:
            raise InputError(f"agent.mirror={settings.mirror:g} needs a symmetry, and the environment declares none")
        action, space = problem.symmetry.action, problem.action_space
        discrete = isinstance(space, gymnasium.spaces.Discrete)
        if not action.is_signed_permutation:
            raise InputError(
                f"agent=ppo clips actions to a box, which does not commute with the dense matrices of {group!r}; "
                "declare the subgroup that moves actions by signed permutations (mirrors and quarter turns)"
            )
        self.distribution: Gaussian | Categorical = (
            Categorical(space) if discrete else Gaussian(space, action, network, settings.log_std_init)  # type: ignore[arg-type]
        ).to(device)
        if network.critic is not None:
            raise InputError(
                f"network.critic={network.critic} is for agents with replay; agent=ppo has one family for all"
            )
        if network.has_auxiliary:
            raise InputError(
                f"network={network.name} learns from replayed transitions; use agent=sac, or another network"
            )
        built = self.fresh_networks(network)
        if network.clocks(built["actor"]):
            raise InputError(f"network={network.name} counts updates from replay; use agent=sac, or another network")
        if network.kept(built["actor"]):
            raise InputError(f"network={network.name} audits what is replayed; use agent=sac, or another network")
        self.actor, self.critic = built["actor"].to(device), built["critic"].to(device)
        self.optimizer = torch.optim.Adam(self._groups(network, [self.actor, self.critic, self.distribution]), eps=1e-5)
        self._parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self._orbits = Orbit(self.observation_rep, device), Orbit(action, device)
        compared = {"actor": Law(self._compared, self.observation_rep, action), "critic": self.laws()["critic"]}
        self._on_orbits = {name: LawOnOrbits(name, law, device) for name, law in compared.items()}
        self.normaliser = Normaliser(self.observation_rep).to(device) if settings.normalise else None
        self.drawn: Array = np.zeros(0)

    def networks(self) -> dict[str, nn.Module]:
        """Policy and value."""
        return {"actor": self.actor, "critic": self.critic}

    def fresh_networks(self, network: Family) -> dict[str, nn.Module]:
        """The same of another family."""
        symmetry = self.problem.symmetry
        encoder = encoder_for(symmetry.observation, network)
        outputs = {"actor": symmetry.action, "critic": Representation.trivial(symmetry.group)}

        def build(rep: Representation, own: Family) -> Head:
            return Head(trunk_for(encoder, own), rep, own)

        return {name: network.assembled(name, partial(build, rep), None) for name, rep in outputs.items()}

    def optimizers(self) -> dict[str, Optimizer]:
        """One, of everything."""
        return {"all": self.optimizer}

    def learned(self) -> dict[str, Tensor]:
        """The logarithm of the standard deviation of continuous actions."""
        return dict(self.distribution.named_parameters())

    def experience(self, steps: int | None = None) -> Rollouts:
        """Rollouts.

        Raises:
            InputError: the run is over before the first is full.
        """
        first = self.settings.rollout_steps * self.problem.environments
        if steps is not None and steps < first:
            raise InputError(
                f"agent.rollout_steps={self.settings.rollout_steps} in {self.problem.environments} environments make "
                f"{first} steps before the first update, and the run has {steps}; lower it, or raise total_steps"
            )
        return Rollouts(self)

    @torch.no_grad()
    def act(self, observations: Array, memory: Any, *, explore: bool) -> tuple[Array, Any]:
        """What to do; what is drawn to explore is kept in `drawn`."""
        outputs = self.outputs(torch.as_tensor(observations, device=self.device).float())
        chosen = (self.distribution.sample if explore else self.distribution.best)(outputs).cpu().numpy()
        if explore:
            self.drawn = chosen
        return self.distribution.to_env(chosen), memory

    def outputs(self, observations: Tensor) -> Tensor:
        """Means or logits, (batch, action.dim)."""
        outputs: Tensor = self.actor(self._read(observations))
        return outputs

    def values(self, observations: Tensor) -> Tensor:
        """(batch,) values of states."""
        values: Tensor = self.critic(self._read(observations)).squeeze(-1)
        return values

    def saw(self, observations: Array) -> None:
        """Take what was observed into the statistics, once nothing is to be learned from it any more."""
        if self.normaliser is not None:
            self.normaliser.update(observations)

    def laws(self) -> dict[str, Law]:
        """Of means or logits, and of values."""
        symmetry = self.problem.symmetry
        invariant = Representation.trivial(symmetry.group)
        return {
            "actor": Law(self.outputs, self.observation_rep, symmetry.action),
            "critic": Law(lambda x: self.values(x).unsqueeze(-1), self.observation_rep, invariant),
        }

    def mean_action(self, observations: Tensor) -> Tensor:
        """The mean of a Gaussian policy, clipped."""
        if isinstance(self.distribution, Categorical):
            return super().mean_action(observations)
        return self.outputs(observations).clamp(-1, 1)

    def scores(self, observations: Tensor) -> Tensor | None:
        """Logits of discrete actions."""
        return self.outputs(observations) if isinstance(self.distribution, Categorical) else None

    def state_values(self, observations: Tensor) -> Tensor:
        """The critic's."""
        return self.values(observations)

    def update(self, batch: RolloutBatch) -> dict[str, Tensor]:
        """One gradient step of policy, value and spread."""
        settings = self.settings
        advantages = (batch.advantages - batch.advantages.mean()) / (batch.advantages.std() + 1e-8)
        batch = batch._replace(advantages=advantages)
        observations = batch.observations
        if self.network.augment:
            batch = self._with_orbits(batch)
        outputs = self.outputs(batch.observations)
        log_ratio = self.distribution.log_prob(outputs, batch.actions) - batch.log_probs
        ratio, low, high = log_ratio.exp(), 1 - settings.clip_range, 1 + settings.clip_range
        policy_loss = -torch.min(ratio * batch.advantages, ratio.clamp(low, high) * batch.advantages).mean()
        value_loss = (self.values(batch.observations) - batch.returns).square().mean()
        entropy = self.distribution.entropy(outputs).mean()
        loss = policy_loss + settings.value_coefficient * value_loss - settings.entropy_coefficient * entropy
        if settings.mirror:
            loss = loss + settings.mirror * self.mirror_loss(observations)
        scales = {"actor": torch.ones_like(value_loss), "critic": settings.value_coefficient * value_loss}
        for name, module in self.networks().items():
            applied = self._on_orbits[name](observations) if self.network.compares_orbits else None
            penalty = self.network.regularizer(module, scales[name], applied)
            loss = loss if penalty is None else loss + penalty
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, settings.max_grad_norm)
        self.optimizer.step()
        self.updates += 1
        with torch.no_grad():
            kl = (ratio - 1 - log_ratio).mean()
            clipped = ((ratio - 1).abs() > settings.clip_range).float().mean()
        found = (policy_loss, value_loss, entropy, kl, clipped)
        return {name: value.detach() for name, value in zip(self.metrics, found, strict=True)}

    def mirror_loss(self, observations: Tensor) -> Tensor:
        """Mean over states and elements of ‖μ(gs) - ρ(g) μ(s)‖²."""
        return mirror_loss(self._on_orbits["actor"](observations))

    def _compared(self, observations: Tensor) -> Tensor:
        """What a mirror loss compares, (batch, action.dim)."""
        return self.distribution.compared(self.outputs(observations))

    def _read(self, observations: Tensor) -> Tensor:
        return self.normalised(observations.flatten(1))

    def _with_orbits(self, batch: RolloutBatch) -> RolloutBatch:
        """Every step moved by every element."""
        observed, acted = self._orbits
        rest = (tensor.repeat(observed.rows) for tensor in batch[2:])
        return RolloutBatch(observed(batch.observations), self.distribution.moved(acted, batch.actions), *rest)
