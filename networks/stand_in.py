"""Stands in until networks/encoders is there, which has the same names; to be deleted then."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Image, Observation, Representation, Series

from .encoder import Encoder, Trunk
from .families import Family
from .mlp import MLP
from .temporal import observation_encoder


class Unchanged(nn.Identity):
    """The shared encoder of what is no image."""

    def __init__(self, observation: Observation) -> None:
        super().__init__()
        self.observation = observation


def encoder_for(observation: Observation, family: Family, filters: int = 32) -> Encoder | Unchanged:
    """The encoder that actor and critics share."""
    if isinstance(observation, Image):
        return Encoder(observation.plane, observation.shape, family, filters)
    return Unchanged(observation)


def trunk_for(encoder: Encoder | Unchanged, family: Family, features: int = 50) -> nn.Module:
    """Between encoder and head."""
    if isinstance(encoder, Encoder):
        return Trunk(encoder, family, features)
    return observation_encoder(encoder.observation.rep, Series.of(encoder.observation), family)


def _gain(trunk: nn.Module) -> float | None:
    return 1.0 if isinstance(trunk, Trunk) else None


class Actor(nn.Module):
    """Mean and log standard deviation."""

    def __init__(self, trunk: nn.Module, action: Representation, family: Family) -> None:
        super().__init__()
        self.trunk = trunk
        self.mlp = MLP(trunk.rep, [action, action.permutation()], family, gain=_gain(trunk))  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Both."""
        mean, log_std = self.mlp(self.trunk(x))
        return mean.squeeze(0), log_std.squeeze(0)


class DeterministicActor(nn.Module):
    """Actions in [-1, 1]."""

    def __init__(self, trunk: nn.Module, action: Representation, family: Family) -> None:
        super().__init__()
        self.trunk = trunk
        self.mlp = MLP(trunk.rep, [action], family, gain=_gain(trunk))  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """The mean."""
        (mean,) = self.mlp(self.trunk(x))
        return torch.tanh(mean.squeeze(0))


class Critic(nn.Module):
    """Values, (members, batch)."""

    def __init__(self, trunk: nn.Module, action: Representation, family: Family, members: int = 2) -> None:
        super().__init__()
        self.trunk = trunk
        joint = trunk.rep.direct_sum(action)  # type: ignore[operator, union-attr]
        self.mlp = MLP(joint, [Representation.trivial(joint.group)], family, members, _gain(trunk))

    def forward(self, x: Tensor, action: Tensor) -> Tensor:
        """Of pairs."""
        (value,) = self.mlp(torch.cat([self.trunk(x), action], dim=-1))
        values: Tensor = value.squeeze(-1)
        return values
