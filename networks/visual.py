"""Actors and critics on the feature map of a shared encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Representation

from .actor import Actor
from .critic import Critic
from .encoder import Encoder, Trunk
from .families import Family
from .mlp import MLP

GAIN = 1.0
"""Of the initial weights: that of DrQ-v2's orthogonal ones."""


class VisualActor(nn.Module):
    """μ(s) = tanh MLP(trunk(features)), with μ(gs) = ρ_action(g) μ(s).

    Yarats et al., "Mastering Visual Continuous Control" (DrQ-v2, arXiv 2107.09645).

    Args:
        encoder: gives the feature maps.
        action: representation on the action, a signed permutation.
        family: which network; `width` is 1024 in DrQ-v2.
        features: length of the trunk's vector; 50 in DrQ-v2.

    Shapes: feature map (batch, planes, height, width) to (batch, action.dim) in [-1, 1].

    Raises:
        SymmetryError: the action representation is dense.
    """

    def __init__(self, encoder: Encoder, action: Representation, family: Family, features: int) -> None:
        super().__init__()
        if not action.is_signed_permutation:
            raise SymmetryError(f"the action transforms by dense matrices of {action.group!r}; tanh does not commute")
        self.trunk = Trunk(encoder, family, features)
        self.mlp = MLP(self.trunk.rep, [action], family, gain=GAIN)

    def forward(self, feature_map: Tensor) -> Tensor:
        """Mean actions."""
        (mean,) = self.mlp(self.trunk(feature_map))
        return torch.tanh(mean.squeeze(0))


class VisualGaussianActor(nn.Module):
    """Mean and log standard deviation of a Gaussian policy on trunk(features); see `Actor` for how they transform.

    Arguments and input are those of `VisualActor`; both outputs are (batch, action.dim).
    """

    def __init__(self, encoder: Encoder, action: Representation, family: Family, features: int) -> None:
        super().__init__()
        self.trunk = Trunk(encoder, family, features)
        self.actor = Actor(self.trunk.rep, action, family, GAIN)

    def forward(self, feature_map: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation before squashing."""
        mean, log_std = self.actor(self.trunk(feature_map))
        return mean, log_std


class VisualCritic(nn.Module):
    """An ensemble of Q(s, a) on trunk(features), with Q(gs, ga) = Q(s, a).

    Args:
        encoder: gives the feature maps.
        action: representation on the action.
        family: which network.
        features: length of the trunk's vector.
        members: number of critics.

    Shapes: feature map and action (batch, action.dim) to (members, batch).
    """

    def __init__(
        self,
        encoder: Encoder,
        action: Representation,
        family: Family,
        features: int,
        members: int = 2,
    ) -> None:
        super().__init__()
        self.trunk = Trunk(encoder, family, features)
        self.critic = Critic(self.trunk.rep, action, family, members, GAIN)

    def forward(self, feature_map: Tensor, action: Tensor) -> Tensor:
        """Action values."""
        values: Tensor = self.critic(self.trunk(feature_map), action)
        return values
