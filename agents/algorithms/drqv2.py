"""DrQ-v2 with a symmetric encoder, actor and critics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from nearsym.envs.errors import InputError
from nearsym.networks import DeterministicActor, Family

from .actor_critic import ActorCritic
from .experience import Batch
from .losses import critic_loss, minimize
from .problem import Problem
from .settings import OffPolicySettings, check_range


@dataclass(frozen=True)
class DrQv2Settings(OffPolicySettings):
    """Hyperparameters of DrQ-v2: Yarats et al. (arXiv 2107.09645), table 2, for its easy tasks.

    Attributes:
        noise_first: standard deviation of the exploration noise at the start.
        noise_last: the same after `noise_steps` steps.
        noise_steps: steps over which it falls linearly; 500000 for medium tasks, 2000000 for hard ones.
        noise_clip: bound on the noise within updates.

    Raises:
        InputError: a value is out of range.
    """

    name: str = "drqv2"
    learning_rate: float = 1e-4
    learning_starts: int = 2000
    tau: float = 0.01
    train_every: int = 2
    n_steps: int = 3
    noise_first: float = 1.0
    noise_last: float = 0.1
    noise_steps: int = 100_000
    noise_clip: float = 0.3

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("agent", self, 1, ("noise_steps",))
        check_range("agent", self, 0, ("noise_first", "noise_last", "noise_clip"))


class DrQv2Learner(ActorCritic):
    """Yarats et al., "Mastering Visual Continuous Control: Improved Data-Augmented RL" (arXiv 2107.09645).

    Deterministic policy gradient with clipped double Q-learning, n-step returns, random shifts, and noise that shrinks
    on a schedule. The encoder is trained by the critics' loss alone and shared with actor and target critics. We differ
    in the initial weights (uniform of the same scale instead of orthogonal), in using transitions of fewer than n
    steps where an episode ends, and in storing each frame once.

    Arguments are those of `Learner`.

    Raises:
        InputError: the environment observes no images.
    """

    settings_type = DrQv2Settings
    metrics = ("actor_loss", "critic_loss", "noise", "value")
    actor_type: ClassVar[type[DeterministicActor]] = DeterministicActor
    settings: DrQv2Settings

    def __init__(
        self, settings: DrQv2Settings, network: Family, problem: Problem, device: torch.device, seed: int | None = None
    ) -> None:
        if not problem.is_image:
            raise InputError(
                f"DrQ-v2 learns from images, this environment observes {problem.observation_space}; draw a dm_control "
                "task with pixels=true, or use agent=sac"
            )
        super().__init__(settings, network, problem, device, seed)

    @property
    def noise(self) -> float:
        """The standard deviation scheduled for this step."""
        first, last = self.settings.noise_first, self.settings.noise_last
        return first + (last - first) * min(self.steps / self.settings.noise_steps, 1.0)

    def policy(self, features: Tensor, *, explore: bool) -> Tensor:
        """The mean, or with noise cut off at the bounds."""
        mean: Tensor = self.actor(features)
        return (mean + self.noise * torch.randn_like(mean)).clamp(-1, 1) if explore else mean

    def update(self, batch: Batch) -> dict[str, Tensor]:
        """Critics and encoder, actor, target critics."""
        batch = self.prepared(batch)
        with torch.no_grad():
            next_features = self.encoder(self.shifted(batch.next_observations))
            next_values = self.critic_target(next_features, self._noisy(self.actor(next_features)))
            y = batch.rewards + batch.discounts * next_values.min(dim=0).values
        features = self.encoder(self.shifted(batch.observations))
        values = self.critic(features, batch.actions)
        loss_critic = critic_loss(values, y)
        minimize(self.critic_optimizer, loss_critic, self.penalties([self.encoder, self.critic], loss_critic))

        features = features.detach()
        loss_actor = -self.critic(features, self._noisy(self.actor(features))).min(dim=0).values.mean()
        penalties = self.penalties([self.actor], loss_critic.sqrt())
        minimize(self.actor_optimizer, loss_actor, penalties)

        self.move_target()
        self.updates += 1
        noise = torch.tensor(self.noise, dtype=torch.float64)
        return {
            "actor_loss": loss_actor,
            "critic_loss": loss_critic,
            "noise": noise,
            "value": values.detach().mean(),
        }

    def _noisy(self, mean: Tensor) -> Tensor:
        """Actions with clipped noise; gradients pass the bounds as if there were none."""
        noise = (self.noise * torch.randn_like(mean)).clamp(-self.settings.noise_clip, self.settings.noise_clip)
        action = mean + noise
        return action + (action.clamp(-1, 1) - action).detach()
