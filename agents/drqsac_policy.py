"""The policy of SAC from pixels: a squashed Gaussian actor."""

from __future__ import annotations

from typing import ClassVar

import torch
from stable_baselines3.common.type_aliases import PyTorchObs
from torch import Tensor

from nearsym.networks import VisualGaussianActor

from . import squashed_gaussian
from .visual_policy import VisualPolicy

LOG_STD_BOUNDS = (-10.0, 2.0)
"""Of DrQ's actor (Kostrikov, Yarats & Fergus, arXiv 2004.13649)."""


class DrQSACPolicy(VisualPolicy):
    """A Gaussian actor squashed by tanh; see `VisualPolicy` for the arguments."""

    actor_kind: ClassVar[type[VisualGaussianActor]] = VisualGaussianActor

    def mean_action(self, observations: Tensor) -> Tensor:
        """The deterministic policy."""
        return torch.tanh(self.actor(self.encoded(observations))[0])

    def forward(self, obs: PyTorchObs, deterministic: bool = False) -> Tensor:
        """Actions in [-1, 1], (batch, action_dim): the squashed mean, or a sample."""
        mean, log_std = self.actor(self.encoder(obs))
        if deterministic:
            return torch.tanh(mean)
        return squashed_gaussian.sample(mean, log_std.clamp(*LOG_STD_BOUNDS))

    def action_log_prob(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Sampled actions (batch, action_dim) and their log-probabilities (batch,), from feature maps."""
        mean, log_std = self.actor(features)
        return squashed_gaussian.sample_with_log_prob(mean, log_std.clamp(*LOG_STD_BOUNDS))
