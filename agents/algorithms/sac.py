"""Soft Actor-Critic with symmetric networks, from vectors or from images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.networks import Actor, Family

from .actor_critic import ActorCritic
from .adam import Adam
from .experience import Batch
from .losses import actor_loss, critic_loss, td_target, temperature_loss
from .problem import Problem
from .settings import LARGEST_LOG, OffPolicySettings, check_range
from .squashed_gaussian import sample, sample_with_log_prob
from .update_rule import Drawn


@dataclass(frozen=True)
class SACSettings(OffPolicySettings):
    """Hyperparameters of Soft Actor-Critic: Haarnoja et al. (arXiv 1812.05905), table 1, unless noted.

    Attributes:
        entropy_coefficient: the temperature α, or None to learn it.
        target_entropy: entropy the learned temperature aims at in nats; None is minus the action dimension.
        first_temperature: what a learned α starts from; stable-baselines3's value.
        log_std_min: least logarithm of the policy's standard deviation; stable-baselines3's value.
        log_std_max: largest one.

    Raises:
        InputError: a value is out of range.
    """

    name: str = "sac"
    entropy_coefficient: float | None = None
    target_entropy: float | None = None
    first_temperature: float = 1.0
    log_std_min: float = -20.0
    log_std_max: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.entropy_coefficient is not None and not self.entropy_coefficient >= 0:
            raise InputError(f"agent.entropy_coefficient is {self.entropy_coefficient}, expected null or >= 0")
        if not self.first_temperature > 0:
            raise InputError(f"agent.first_temperature is {self.first_temperature}, expected a number > 0")
        check_range("agent", self, -LARGEST_LOG, ("log_std_min", "log_std_max"), LARGEST_LOG)
        if not self.log_std_min < self.log_std_max:
            raise InputError(
                f"agent.log_std_min is {self.log_std_min}, expected a number below log_std_max={self.log_std_max}"
            )


class Temperature(nn.Module):
    """The temperature of the entropy bonus, by its logarithm.

    Args:
        first: α to start from.
    """

    def __init__(self, first: float) -> None:
        super().__init__()
        self.log_alpha = nn.Parameter(torch.tensor(math.log(first)))


class SACLearner(ActorCritic):
    """Algorithm 1 of Haarnoja et al., "Soft Actor-Critic Algorithms and Applications" (arXiv 1812.05905).

    One update is critics, actor, temperature, targets. Its arithmetic is stable-baselines3's, but for the regulariser
    of the network's family (λ Σ |w(g) - w(h)| of relaxed networks, the priors of RPP). That is added in units of the
    loss: times the critics' loss, and its square root for the actor, whose own loss, in units of reward, may be
    negative. n-step returns have the last state's entropy bonus alone.

    From images this is DrQ's SAC (Kostrikov, Yarats & Fergus, arXiv 2004.13649) with one random shift each of an
    observation and its successor, their K = M = 1, and the online encoder for successors.

    Arguments are those of `Learner`.
    """

    settings_type = SACSettings
    metrics = ("actor_loss", "critic_loss", "ent_coef", "entropy", "value")
    actor_type: ClassVar[type[Actor]] = Actor
    settings: SACSettings

    def __init__(
        self, settings: SACSettings, network: Family, problem: Problem, device: torch.device, seed: int | None = None
    ) -> None:
        super().__init__(settings, network, problem, device, seed)
        dim = problem.symmetry.action.dim
        self.target_entropy = -float(dim) if settings.target_entropy is None else settings.target_entropy
        self.temperature = Temperature(settings.first_temperature).to(device)
        self.temperature_optimizer: Adam | None = None
        if settings.entropy_coefficient is None:
            self.temperature_optimizer = Adam([{"params": [self.temperature.log_alpha], "lr": settings.learning_rate}])

    def adams(self) -> dict[str, Adam]:
        """Of the actor, of encoder and critics, and of the temperature where it is learned."""
        optimizer = self.temperature_optimizer
        return {**super().adams(), **({} if optimizer is None else {"temperature": optimizer})}

    def modules(self) -> dict[str, nn.Module]:
        """Networks and temperature."""
        return {
            **super().modules(),
            **({} if self.temperature_optimizer is None else {"temperature": self.temperature}),
        }

    def learned(self) -> dict[str, Tensor]:
        """The logarithm of the temperature where it is learned."""
        return {} if self.temperature_optimizer is None else {"log_alpha": self.temperature.log_alpha}

    def alpha(self) -> Tensor:
        """The temperature α."""
        fixed, log_alpha = self.settings.entropy_coefficient, self.temperature.log_alpha.detach()
        return log_alpha.exp() if fixed is None else torch.full_like(log_alpha, fixed)

    def gaussian(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and bounded log standard deviation before squashing, (batch, action_dim) each."""
        return self._bounded(*self.actor(features))

    def _bounded(self, mean: Tensor, log_std: Tensor) -> tuple[Tensor, Tensor]:
        return mean, log_std.clamp(self.settings.log_std_min, self.settings.log_std_max)

    def policy(self, outputs: Any, noise: Tensor) -> Tensor:
        """A sample, A = tanh(μ + σ ξ), ξ ~ N(0, 1); without noise the squashed mean."""
        mean, log_std = self._bounded(*outputs)
        return sample(mean, log_std, noise)

    def step(self, batch: Batch, drawn: Drawn) -> dict[str, Tensor]:
        """Critics and encoder, actor, temperature, target critics."""
        alpha = self.alpha()

        with torch.no_grad():
            next_features = self.read(batch.next_observations, drawn.get("next_shifts"))
            next_actions, next_log_prob = sample_with_log_prob(*self.gaussian(next_features), drawn["next_noise"])
            next_values = self.critic_target(next_features, next_actions)
            y = td_target(batch.rewards, batch.discounts, next_values, next_log_prob, alpha)

        def critics() -> tuple[Tensor, tuple[Tensor, ...]]:
            features = self.read(batch.observations, drawn.get("shifts"))
            values = self.critic(features, batch.actions)
            loss = critic_loss(values, y)
            return self.penalised(loss, [self.encoder, self.critic], loss, batch), (features, loss, values)

        features, loss_critic, values = self.critic_optimizer.minimize(critics)

        def policy() -> tuple[Tensor, tuple[Tensor, ...]]:
            actions, log_prob = sample_with_log_prob(*self.gaussian(features), drawn["noise"])
            loss = actor_loss(self.critic(features, actions), log_prob, alpha)
            return self.penalised(loss, [self.actor], loss_critic.sqrt(), batch), (loss, log_prob)

        loss_actor, log_prob = self.actor_optimizer.minimize(policy)

        if self.temperature_optimizer is not None:
            self.temperature_optimizer.minimize(
                lambda: (temperature_loss(self.temperature.log_alpha, log_prob, self.target_entropy), ())
            )
        self.learn_beside(batch)
        self.move_target()
        return {
            "actor_loss": loss_actor,
            "critic_loss": loss_critic,
            "ent_coef": alpha,
            "entropy": -log_prob.mean(),
            "value": values.mean(),
        }

    def _target(self) -> nn.Module:
        """Of vectors built anew and then filled, which draws as many random numbers as stable-baselines3 does."""
        if self.problem.is_image:
            return super()._target()
        target = self._critic(self.encoder, self.family_of("critic"), self.auxiliary)
        target.load_state_dict(self.critic.state_dict())
        return target
