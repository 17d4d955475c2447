"""Invariant critic ensemble."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from .encoders import Trunk, trunk_before
from .families import Family
from .mlp import MLP


class Critic(nn.Module):
    """An ensemble of Q(s, a) with Q(gs, ga) = Q(s, a), computed as one batch.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Critic, Relaxed
        >>> mirror = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
        >>> critic = Critic(mirror.observation.rep, mirror.action, Relaxed(width=32), members=2)
        >>> critic(torch.zeros(5, 3), torch.zeros(5, 1)).shape
        torch.Size([2, 5])

    Args:
        inputs: representation on the input, or the trunk that is applied first (`trunk_for`); all members share it.
        action: representation on the action.
        family: which network.
        members: number of critics; clipped double Q-learning takes two.

    Attributes:
        in_rep: representation on the flattened input and the action after it.
        out_rep: representation on the value: trivial.

    Shapes: (..., in_rep.dim - action.dim), or what the trunk takes, and action (..., action.dim) to (members, ...).
    """

    def __init__(
        self, inputs: Trunk | Representation, action: Representation, family: Family, members: int = 2
    ) -> None:
        super().__init__()
        self.trunk = trunk_before(inputs)
        self.in_rep, self.out_rep = self.trunk.in_rep.direct_sum(action), Representation.trivial(action.group)
        joint = self.trunk.out_rep.direct_sum(action)
        self.mlp = MLP(joint, [self.out_rep], family, members, self.trunk.head_gain)

    def forward(self, x: Tensor, action: Tensor) -> Tensor:
        """(members, ...) action values."""
        (value,) = self.mlp(torch.cat([self.trunk(x), action], dim=-1))
        values: Tensor = value.squeeze(-1)
        return values
