"""What agents that learn from images share: frames stored once, and one encoder trained by the critics."""

from __future__ import annotations

from typing import Any, cast

import gymnasium
import torch
from stable_baselines3.common.vec_env import VecEnv

from nearsym.envs import is_image
from nearsym.envs.errors import InputError

from .agent import Agent
from .declared import declared_symmetry, stacked_frames
from .frame_replay import FrameReplayBuffer
from .losses import polyak_update
from .visual_policy import VisualPolicy


class VisualAgent(Agent):
    """Base of agents that learn from images.

    Args:
        policy: the policy's name or class.
        env: one environment that observes stacked frames (`nearsym.envs.FrameStack`).
        learning_rate: of all optimizers (Adam).
        buffer_size: frames held.
        learning_starts: steps of uniformly random actions before the first update.
        batch_size: transitions in each update.
        tau: Polyak step of the target critics.
        gamma: discount γ.
        train_freq: environment steps between updates.
        gradient_steps: updates each time.
        n_steps: n of the n-step returns.
        policy_kwargs: arguments of `VisualPolicy`.
        **kwargs: ``verbose``, ``seed``, ``device``, ``tensorboard_log`` of stable-baselines3.

    Raises:
        InputError: the environment observes no images.
    """

    policy: VisualPolicy

    def __init__(
        self,
        policy: str | type[VisualPolicy],
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
        policy_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if not is_image(env.observation_space):
            raise InputError(
                f"{type(self).__name__} learns from images, this environment observes {env.observation_space}; draw a "
                "dm_control task with pixels=true, or use agent=sac"
            )
        policy_kwargs = dict(policy_kwargs or {})
        if policy_kwargs.get("symmetry") is None:
            policy_kwargs["symmetry"] = declared_symmetry(env)
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

    @property
    def frames(self) -> FrameReplayBuffer:
        """The replay buffer."""
        return cast(FrameReplayBuffer, self.replay_buffer)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Of the actor, and of encoder and critics."""
        return {"actor": self.policy.actor_optimizer, "critic": self.policy.critic_optimizer}

    def move_target(self) -> None:
        """One Polyak step of the target critics, which have heads of their own and the online encoder."""
        pairs = zip(self.policy.critic.parameters(), self.policy.critic_target.parameters(), strict=True)
        moving = [(online, target) for online, target in pairs if online.requires_grad]
        polyak_update([online for online, _ in moving], [target for _, target in moving], self.tau)

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        return ["policy", "policy.actor_optimizer", "policy.critic_optimizer"], []
