"""DrQ-v2 with a symmetric encoder, actor and critics."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from .augmentation import random_shift
from .drqv2_policy import DrQv2Policy
from .losses import critic_loss, minimize
from .visual_agent import VisualAgent


class DrQv2(VisualAgent):
    """Yarats et al., "Mastering Visual Continuous Control: Improved Data-Augmented RL" (arXiv 2107.09645).

    Deterministic policy gradient with clipped double Q-learning, n-step returns, random shifts, and noise that shrinks
    on a schedule. The encoder is trained by the critics' loss alone and shared with actor and target critics; only the
    critics' heads have a delayed copy. We differ in the initial weights (uniform of the same scale instead of
    orthogonal), in using transitions of fewer than n steps where an episode ends, and in storing each frame once.

    The symmetry is the environment's own (`nearsym.envs.declare`) unless ``policy_kwargs`` gives one::

        DrQv2("DrQv2Policy", env, policy_kwargs=dict(network="relaxed")).learn(100_000)

    Args:
        policy: ``"DrQv2Policy"``.
        env: see `VisualAgent`, and for all other arguments.
        noise: (first, last, steps): standard deviation of the exploration noise falls linearly from first to last over
            that many steps.
        noise_clip: bound on the noise within updates.
        **kwargs: of `VisualAgent`.
    """

    policy_aliases: ClassVar[dict[str, type[BasePolicy]]] = {"DrQv2Policy": DrQv2Policy}
    policy: DrQv2Policy

    def __init__(
        self,
        policy: str | type[DrQv2Policy],
        env: gymnasium.Env[Any, Any] | VecEnv,
        noise: tuple[float, float, int] = (1.0, 0.1, 500_000),
        noise_clip: float = 0.3,
        **kwargs: Any,
    ) -> None:
        self.noise, self.noise_clip = noise, noise_clip
        super().__init__(policy, env, **kwargs)

    def noise_now(self) -> float:
        """The scheduled standard deviation at this step."""
        first, last, steps = self.noise
        return first + (last - first) * min(self.num_timesteps / steps, 1.0)

    def train(self, gradient_steps: int, batch_size: int = 256) -> None:
        """`gradient_steps` updates of encoder and critics, actor, and target critics."""
        self.policy.set_training_mode(True)
        self._update_learning_rate(list(self.optimizers().values()))
        encoder, actor, critic, target = (
            self.policy.encoder,
            self.policy.actor,
            self.policy.critic,
            self.policy.critic_target,
        )
        network = self.policy.network
        actor_parameters = [p for p in actor.parameters() if p.requires_grad]

        for _ in range(gradient_steps):
            batch = self.augmented(self.frames.sample(batch_size))
            with torch.no_grad():
                next_features = encoder(random_shift(batch.next_observations))
                next_values = target(next_features, self._noisy(actor(next_features)))
                y = batch.rewards + batch.discounts * next_values.min(dim=0).values
            features = encoder(random_shift(batch.observations))
            values = critic(features, batch.actions)
            loss_critic = critic_loss(values, y)
            penalties = [network.regularizer(part, loss_critic) for part in (encoder, critic)]
            minimize(self.policy.critic_optimizer, loss_critic, penalties)

            features = features.detach()
            loss_actor = -critic(features, self._noisy(actor(features))).min(dim=0).values.mean()
            penalties = [network.regularizer(actor, loss_critic.sqrt())]
            minimize(self.policy.actor_optimizer, loss_actor, penalties, actor_parameters)

            self.move_target()

        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/actor_loss", loss_actor.item())
        self.logger.record("train/critic_loss", loss_critic.item())
        self.logger.record("train/noise", self.noise_now())
        self.logger.record("train/value", values.detach().mean().item())

    def _noisy(self, mean: Tensor) -> Tensor:
        """Actions with clipped noise; gradients pass the bounds as if there were none."""
        noise = (self.noise_now() * torch.randn_like(mean)).clamp(-self.noise_clip, self.noise_clip)
        action = mean + noise
        return action + (action.clamp(-1, 1) - action).detach()

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
        self.policy.noise = self.noise_now()
        return super()._sample_action(learning_starts, action_noise, n_envs)
