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
from .losses import critic_loss
from .problem import Problem
from .settings import OffPolicySettings, check_range
from .update_rule import Drawn


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

    def policy(self, outputs: Tensor, noise: Tensor) -> Tensor:
        """The mean, with noise cut off at the bounds."""
        return (outputs + noise).clamp(-1, 1)

    def exploration(self, count: int) -> Tensor:
        """Normal numbers of the scheduled size."""
        return self.noise * super().exploration(count)

    def draw(self, count: int) -> Drawn:
        """As `ActorCritic.draw`, with the noise scheduled for this step, cut off."""
        drawn, clip = super().draw(count), self.settings.noise_clip
        for whose in ("next_noise", "noise"):
            drawn[whose] = (self.noise * drawn[whose]).clamp(-clip, clip)
        return drawn

    def update(self, batch: Batch) -> dict[str, Tensor]:
        """`ActorCritic.update`, and how much noise there was."""
        return {**super().update(batch), "noise": torch.tensor(self.noise, dtype=torch.float64)}

    def step(self, batch: Batch, drawn: Drawn) -> dict[str, Tensor]:
        """Critics and encoder, actor, target critics."""
        with torch.no_grad():
            next_features = self.read(batch.next_observations, drawn["next_shifts"])
            next_actions = _noisy(self.actor(next_features), drawn["next_noise"])
            next_values = self.critic_target(next_features, next_actions)
            y = batch.rewards + batch.discounts * next_values.min(dim=0).values

        def critics() -> tuple[Tensor, tuple[Tensor, ...]]:
            features = self.read(batch.observations, drawn["shifts"])
            values = self.critic(features, batch.actions)
            loss = critic_loss(values, y)
            return self.penalised(loss, [self.encoder, self.critic], loss, batch), (features, loss, values)

        features, loss_critic, values = self.critic_optimizer.minimize(critics)

        def policy() -> tuple[Tensor, tuple[Tensor, ...]]:
            loss = -self.critic(features, _noisy(self.actor(features), drawn["noise"])).min(dim=0).values.mean()
            return self.penalised(loss, [self.actor], loss_critic.sqrt(), batch), (loss,)

        (loss_actor,) = self.actor_optimizer.minimize(policy)
        self.learn_beside(batch)
        self.move_target()
        return {"actor_loss": loss_actor, "critic_loss": loss_critic, "value": values.mean()}


def _noisy(mean: Tensor, noise: Tensor) -> Tensor:
    """Actions with noise; gradients pass the bounds as if there were none."""
    action = mean + noise
    return action + (action.clamp(-1, 1) - action).detach()
