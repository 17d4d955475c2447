"""The policy of DrQ-v2: a deterministic actor and noise."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from stable_baselines3.common.type_aliases import PyTorchObs
from torch import Tensor

from nearsym.networks import VisualActor

from .visual_policy import VisualPolicy


class DrQv2Policy(VisualPolicy):
    """A deterministic actor; see `VisualPolicy` for the arguments.

    Attributes:
        noise: standard deviation of the exploration noise.
    """

    actor_kind: ClassVar[type[VisualActor]] = VisualActor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.noise = 1.0

    def mean_action(self, observations: Tensor) -> Tensor:
        """The deterministic policy."""
        action: Tensor = self.actor(self.encoded(observations))
        return action

    def forward(self, obs: PyTorchObs, deterministic: bool = False) -> Tensor:
        """Actions in [-1, 1], (batch, action_dim): the mean, or with noise cut off at the bounds."""
        mean: Tensor = self.actor(self.encoder(obs))
        return mean if deterministic else (mean + self.noise * torch.randn_like(mean)).clamp(-1, 1)
