"""Soft Actor-Critic with a symmetric actor and critics."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import stable_baselines3
import torch
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from .agent import Agent
from .declared import declared_symmetry
from .losses import actor_loss, critic_loss, minimize, polyak_update, td_target, temperature_loss
from .policy import SymmetricSACPolicy


class SAC(stable_baselines3.SAC, Agent):
    """stable-baselines3's SAC with batched critics, regularised losses and a faster update.

    The symmetry is the environment's own (`nearsym.envs.declare`) unless ``policy_kwargs`` gives one::

        SAC("SymmetricPolicy", env, policy_kwargs=dict(network="relaxed")).learn(20_000)

    One gradient step follows Algorithm 1 of Haarnoja et al. (arXiv 1812.05905): critics, actor, temperature,
    targets. Its arithmetic is stock SAC's, but for the regulariser λ Σ |w_l(g) - w_l(h)| of relaxed networks or
    the priors of RPP. They are added in units of the loss: times the critic's loss, and its square root for the actor,
    whose own loss, in units of reward, may be negative.

    Every argument is stable_baselines3.SAC's.
    """

    policy_aliases: ClassVar[dict[str, type[BasePolicy]]] = {"SymmetricPolicy": SymmetricSACPolicy}
    policy: SymmetricSACPolicy

    def __init__(
        self,
        policy: str | type[SymmetricSACPolicy],
        env: gymnasium.Env[Any, Any] | VecEnv,
        policy_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        policy_kwargs = dict(policy_kwargs or {})
        if policy_kwargs.get("symmetry") is None:
            policy_kwargs["symmetry"] = declared_symmetry(env)
        super().__init__(policy, env, policy_kwargs=policy_kwargs, **kwargs)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Of actor and critics, and of the temperature where it is learned."""
        optimizers = {"actor": self.policy.actor.optimizer, "critic": self.policy.critic.optimizer}
        if self.ent_coef_optimizer is not None:
            optimizers["temperature"] = self.ent_coef_optimizer
        return optimizers

    def learned(self) -> dict[str, Tensor]:
        """The logarithm of the temperature where it is learned."""
        return {} if self.log_ent_coef is None else {"log_ent_coef": self.log_ent_coef}

    def train(self, gradient_steps: int, batch_size: int = 256) -> None:
        """`gradient_steps` updates of critics, actor, temperature and target critics."""
        self.policy.set_training_mode(True)
        actor, critic, target = self.policy.actor, self.policy.critic, self.policy.critic_target
        self._update_learning_rate(list(self.optimizers().values()))
        # gradients of the actor loss are taken for these alone: none flow into the critics' weights
        actor_parameters = [p for p in actor.parameters() if p.requires_grad]
        online = [p for p in critic.parameters() if p.requires_grad]
        delayed = [p for p in target.parameters() if p.requires_grad]
        assert self.replay_buffer is not None  # set up by stable-baselines3

        for _ in range(gradient_steps):
            batch = self.augmented(self.replay_buffer.sample(batch_size, env=self._vec_normalize_env))
            alpha = self._alpha()

            with torch.no_grad():
                next_actions, next_log_prob = actor.action_log_prob(batch.next_observations)
                next_values = target.values(batch.next_observations, next_actions)
                discounts = self.gamma * (1 - batch.dones.squeeze(1))
                y = td_target(batch.rewards.squeeze(1), discounts, next_values, next_log_prob, alpha)
            values = critic.values(batch.observations, batch.actions)
            loss_critic = critic_loss(values, y)
            minimize(critic.optimizer, loss_critic, [self.policy.network.regularizer(critic, loss_critic)])

            actions, log_prob = actor.action_log_prob(batch.observations)
            loss_actor = actor_loss(critic.values(batch.observations, actions), log_prob, alpha)
            penalties = [self.policy.network.regularizer(actor, loss_critic.sqrt())]
            minimize(actor.optimizer, loss_actor, penalties, actor_parameters)

            if self.ent_coef_optimizer is not None and self.log_ent_coef is not None:
                loss_alpha = temperature_loss(self.log_ent_coef, log_prob, float(self.target_entropy))
                minimize(self.ent_coef_optimizer, loss_alpha)

            polyak_update(online, delayed, self.tau)

        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/actor_loss", loss_actor.item())
        self.logger.record("train/critic_loss", loss_critic.item())
        self.logger.record("train/ent_coef", alpha.item())
        self.logger.record("train/entropy", -log_prob.detach().mean().item())
        self.logger.record("train/value", values.detach().mean().item())

    def _alpha(self) -> Tensor:
        return self.ent_coef_tensor if self.log_ent_coef is None else self.log_ent_coef.detach().exp()
