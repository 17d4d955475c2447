"""DrQ-v2 with a symmetric encoder, actor and critics."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.vec_env import VecEnv
from torch import Tensor

from nearsym.envs import is_image
from nearsym.envs.symmetry import InputError
from nearsym.networks import regularizer

from .agent import Agent
from .augmentation import random_shift
from .declared import declared_symmetry, stacked_frames
from .drqv2_policy import DrQv2Policy
from .frame_replay import FrameReplayBuffer
from .losses import critic_loss, minimize, polyak_update


class DrQv2(Agent):
    """Yarats et al., "Mastering Visual Continuous Control: Improved Data-Augmented RL" (arXiv 2107.09645).

    Deterministic policy gradient with clipped double Q-learning, n-step returns, random shifts, and noise that shrinks
    on a schedule. The encoder is trained by the critics' loss alone and shared with actor and target critics; only the
    critics' heads have a delayed copy. We differ in the initial weights (uniform of the same scale instead of
    orthogonal), in using transitions of fewer than n steps where an episode ends, and in storing each frame once.

    The symmetry is the environment's own (`nearsym.envs.declare`) unless ``policy_kwargs`` gives one::

        DrQv2("DrQv2Policy", env, policy_kwargs=dict(network="relaxed")).learn(100_000)

    Args:
        policy: ``"DrQv2Policy"``.
        env: one environment that observes stacked frames (`nearsym.envs.FrameStack`).
        learning_rate: of both optimizers (Adam).
        buffer_size: frames held.
        learning_starts: steps of uniformly random actions before the first update.
        batch_size: transitions in each update.
        tau: Polyak step of the target critics.
        gamma: discount γ.
        train_freq: environment steps between updates.
        gradient_steps: updates each time.
        n_steps: n of the n-step returns.
        noise: (first, last, steps): standard deviation of the exploration noise falls linearly from first to last over
            that many steps.
        noise_clip: bound on the noise within updates.
        policy_kwargs: arguments of `DrQv2Policy`.
        **kwargs: ``verbose``, ``seed``, ``device``, ``tensorboard_log`` of stable-baselines3.

    Raises:
        InputError: the environment observes no images.
    """

    policy_aliases: ClassVar[dict[str, type[BasePolicy]]] = {"DrQv2Policy": DrQv2Policy}
    policy: DrQv2Policy

    def __init__(
        self,
        policy: str | type[DrQv2Policy],
        env: gymnasium.Env[Any, Any] | VecEnv,
        learning_rate: float = 1e-4,
        buffer_size: int = 1_000_000,
        learning_starts: int = 2000,
        batch_size: int = 256,
        tau: float = 0.01,
        gamma: float = 0.99,
        train_freq: tuple[int, str] = (2, "step"),
        gradient_steps: int = 1,
        n_steps: int = 3,
        noise: tuple[float, float, int] = (1.0, 0.1, 500_000),
        noise_clip: float = 0.3,
        policy_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not is_image(env.observation_space):
            raise InputError(
                f"DrQ-v2 learns from images, this environment observes {env.observation_space}; draw a dm_control task "
                "with pixels=true, or use agent=sac"
            )
        policy_kwargs = dict(policy_kwargs or {})
        if policy_kwargs.get("symmetry") is None:
            policy_kwargs["symmetry"] = declared_symmetry(env)
        self.noise, self.noise_clip = noise, noise_clip
        super().__init__(
            policy,
            env,
            learning_rate,
            buffer_size,
            learning_starts,
            batch_size,
            tau,
            gamma,
            train_freq,
            gradient_steps,
            replay_buffer_class=FrameReplayBuffer,  # type: ignore[arg-type]
            # stable-baselines3 ignores an n_steps of its own when the buffer is not its own
            replay_buffer_kwargs={"frames": stacked_frames(env), "n_steps": n_steps, "discount": gamma},
            policy_kwargs=policy_kwargs,
            sde_support=False,
            supported_action_spaces=(gymnasium.spaces.Box,),
            **kwargs,
        )
        self._setup_model()

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Of the actor, and of encoder and critics."""
        return {"actor": self.policy.actor_optimizer, "critic": self.policy.critic_optimizer}

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
        online = [p for p in critic.parameters() if p.requires_grad]
        delayed = [t for t, p in zip(target.parameters(), critic.parameters(), strict=True) if p.requires_grad]
        buffer = cast(FrameReplayBuffer, self.replay_buffer)

        for _ in range(gradient_steps):
            batch = buffer.sample(batch_size)
            with torch.no_grad():
                next_features = encoder(random_shift(batch.next_observations))
                next_values = target(next_features, self._noisy(actor(next_features)))
                y = batch.rewards + batch.discounts * next_values.min(dim=0).values
            features = encoder(random_shift(batch.observations))
            values = critic(features, batch.actions)
            loss_critic = critic_loss(values, y)
            penalties = [regularizer(part, network, loss_critic) for part in (encoder, critic)]
            minimize(self.policy.critic_optimizer, loss_critic, penalties)

            features = features.detach()
            loss_actor = -critic(features, self._noisy(actor(features))).min(dim=0).values.mean()
            penalties = [regularizer(actor, network, loss_critic.sqrt())]
            minimize(self.policy.actor_optimizer, loss_actor, penalties, actor_parameters)

            polyak_update(online, delayed, self.tau)

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

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        return ["policy", "policy.actor_optimizer", "policy.critic_optimizer"], []
