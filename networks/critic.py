"""Invariant critic ensemble."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, Series

from .families import Family
from .mlp import MLP
from .temporal import observation_encoder


class Critic(nn.Module):
    """An ensemble of Q(s, a) with Q(gs, ga) = Q(s, a), computed as one batch.

    Args:
        observation: representation on the flat observation.
        action: representation on the action.
        family: which network.
        members: number of critics; clipped double Q-learning takes two.
        gain: of the initial weights; see `MLP`.
        series: the window of time inside the observation, if there is one; all members share its encoder.

    Shapes: observation (batch, observation.dim) and action (batch, action.dim) to (members, batch).
    """

    def __init__(
        self,
        observation: Representation,
        action: Representation,
        family: Family,
        members: int = 2,
        gain: float | None = None,
        series: Series | None = None,
    ) -> None:
        super().__init__()
        self.encoder = observation_encoder(observation, series, family)
        joint = self.encoder.rep.direct_sum(action)
        self.mlp = MLP(joint, [Representation.trivial(joint.group)], family, members, gain)

    def forward(self, observation: Tensor, action: Tensor) -> Tensor:
        """(members, batch) action values."""
        (value,) = self.mlp(torch.cat([self.encoder(observation), action], dim=-1))
        values: Tensor = value.squeeze(-1)
        return values
