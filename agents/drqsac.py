"""Soft Actor-Critic from pixels."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import gymnasium
import torch
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from .augmentation import random_shift
from .drqsac_policy import DrQSACPolicy
from .losses import actor_loss, critic_loss, minimize, td_target, temperature_loss
from .visual_agent import VisualAgent

FIRST_TEMPERATURE = 0.1
"""Of DrQ."""


class DrQSAC(VisualAgent):
    """SAC with the encoder, random shifts and replay of DrQ-v2.

    Kostrikov, Yarats & Fergus, "Image Augmentation Is All You Need" (DrQ, arXiv 2004.13649), with one augmentation each
    of an observation and its successor, which is their K = M = 1, and the online encoder for successors.

    Args:
        policy: ``"DrQSACPolicy"``.
        env: see `VisualAgent`, and for all other arguments.
        entropy_coefficient: the temperature α, or None to learn it.
        target_entropy: entropy the learned temperature aims at; None is minus the action dimension.
        n_steps: n of the n-step returns, whose entropy bonus is only the last state's.
        train_freq: environment steps between updates.
        **kwargs: of `VisualAgent`.
    """

    policy_aliases: ClassVar[dict[str, type[BasePolicy]]] = {"DrQSACPolicy": DrQSACPolicy}
    policy: DrQSACPolicy

    def __init__(
        self,
        policy: str | type[DrQSACPolicy],
        env: gymnasium.Env[Any, Any] | VecEnv,
        entropy_coefficient: float | None = None,
        target_entropy: float | None = None,
        n_steps: int = 1,
        train_freq: tuple[int, str] = (1, "step"),
        **kwargs: Any,
    ) -> None:
        super().__init__(policy, env, n_steps=n_steps, train_freq=train_freq, **kwargs)
        assert self.action_space.shape is not None  # a Box
        self.target_entropy = -float(self.action_space.shape[0]) if target_entropy is None else target_entropy
        first = FIRST_TEMPERATURE if entropy_coefficient is None else entropy_coefficient
        self.log_alpha = torch.tensor(math.log(max(first, 1e-12)), device=self.device)
        self.temperature_optimizer: torch.optim.Optimizer | None = None
        if entropy_coefficient is None:
            self.log_alpha.requires_grad_()
            self.temperature_optimizer = torch.optim.Adam([self.log_alpha], lr=self.lr_schedule(1))

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Of the actor, of encoder and critics, and of the temperature where it is learned."""
        optimizers = super().optimizers()
        if self.temperature_optimizer is not None:
            optimizers["temperature"] = self.temperature_optimizer
        return optimizers

    def learned(self) -> dict[str, Tensor]:
        """The logarithm of the temperature."""
        return {"log_alpha": self.log_alpha}

    def train(self, gradient_steps: int, batch_size: int = 256) -> None:
        """`gradient_steps` updates of encoder and critics, actor, temperature, and target critics."""
        policy, network = self.policy, self.policy.network
        policy.set_training_mode(True)
        self._update_learning_rate(list(self.optimizers().values()))
        actor_parameters = [p for p in policy.actor.parameters() if p.requires_grad]

        for _ in range(gradient_steps):
            batch = self.augmented(self.frames.sample(batch_size))
            alpha = self.log_alpha.detach().exp()
            with torch.no_grad():
                next_features = policy.encoder(random_shift(batch.next_observations))
                next_actions, next_log_prob = policy.action_log_prob(next_features)
                next_values = policy.critic_target(next_features, next_actions)
                y = td_target(batch.rewards, batch.discounts, next_values, next_log_prob, alpha)
            features = policy.encoder(random_shift(batch.observations))
            values = policy.critic(features, batch.actions)
            loss_critic = critic_loss(values, y)
            penalties = [network.regularizer(part, loss_critic) for part in (policy.encoder, policy.critic)]
            minimize(policy.critic_optimizer, loss_critic, penalties)

            features = features.detach()
            actions, log_prob = policy.action_log_prob(features)
            loss_actor = actor_loss(policy.critic(features, actions), log_prob, alpha)
            penalties = [network.regularizer(policy.actor, loss_critic.sqrt())]
            minimize(policy.actor_optimizer, loss_actor, penalties, actor_parameters)

            if self.temperature_optimizer is not None:
                minimize(self.temperature_optimizer, temperature_loss(self.log_alpha, log_prob, self.target_entropy))

            self.move_target()

        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/actor_loss", loss_actor.item())
        self.logger.record("train/critic_loss", loss_critic.item())
        self.logger.record("train/ent_coef", alpha.item())
        self.logger.record("train/entropy", -log_prob.detach().mean().item())
        self.logger.record("train/value", values.detach().mean().item())
