"""Equivariant actors: heads that turn the vector of a trunk into actions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Representation

from .encoders import Trunk, trunk_before
from .families import Family
from .mlp import MLP


class Actor(nn.Module):
    """π(a|s) = tanh N(μ(s), σ(s)), with μ(gs) = ρ_action(g) μ(s) and log σ(gs) = |ρ_action(g)| log σ(s).

    Under these laws the squashed Gaussian itself is equivariant, π(ga|gs) = π(a|s), because tanh and the
    diagonal Gaussian commute with signed permutations. They hold exactly for the ``exact`` family and at
    initialisation for ``relaxed`` and ``rpp``.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Actor, Relaxed
        >>> mirror = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
        >>> actor = Actor(mirror.observation.rep, mirror.action, Relaxed(width=32))
        >>> mean, log_std = actor(torch.zeros(5, 2, 3))
        >>> mean.shape, log_std.shape
        (torch.Size([5, 2, 1]), torch.Size([5, 2, 1]))

    Args:
        inputs: representation on the input, or the trunk that is applied first (`trunk_for`).
        action: representation on the action, a signed permutation.
        family: which network.

    Attributes:
        in_rep: representation on the flattened input.
        out_rep: representation on the mean; log-stds transform by its permutation.

    Shapes: (..., in_rep.dim), or what the trunk takes, to mean and log-std, both (..., action.dim).

    Raises:
        SymmetryError: the action representation is dense.
    """

    def __init__(self, inputs: Trunk | Representation, action: Representation, family: Family) -> None:
        super().__init__()
        check_squashable(action)
        self.trunk = trunk_before(inputs)
        self.in_rep, self.out_rep = self.trunk.in_rep, action
        outputs = [action, action.permutation()]
        self.mlp = MLP(self.trunk.out_rep, outputs, family, gain=self.trunk.head_gain)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation before squashing."""
        mean, log_std = self.mlp(self.trunk(x))
        return mean.squeeze(0), log_std.squeeze(0)


class DeterministicActor(nn.Module):
    """μ(s) in [-1, 1], μ = tanh MLP, with μ(gs) = ρ_action(g) μ(s); arguments, attributes and errors are `Actor`'s.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import DeterministicActor, Exact
        >>> mirror = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
        >>> actor = DeterministicActor(mirror.observation.rep, mirror.action, Exact(width=32))
        >>> seen = torch.tensor([[0.5, 0.1, 1.0]])
        >>> bool(torch.allclose(actor(seen * torch.tensor([-1.0, 1.0, -1.0])), -actor(seen), atol=1e-6))
        True

    Shapes: (..., in_rep.dim), or what the trunk takes, to (..., action.dim).
    """

    def __init__(self, inputs: Trunk | Representation, action: Representation, family: Family) -> None:
        super().__init__()
        check_squashable(action)
        self.trunk = trunk_before(inputs)
        self.in_rep, self.out_rep = self.trunk.in_rep, action
        self.mlp = MLP(self.trunk.out_rep, [action], family, gain=self.trunk.head_gain)

    def forward(self, x: Tensor) -> Tensor:
        """Mean actions."""
        (mean,) = self.mlp(self.trunk(x))
        return torch.tanh(mean.squeeze(0))


def check_squashable(action: Representation) -> None:
    """Check that tanh commutes with a representation.

    Raises:
        SymmetryError: it is dense.
    """
    if not action.is_signed_permutation:
        raise SymmetryError(
            f"the action transforms by dense matrices of {action.group!r}, which tanh does not commute with, so "
            "a tanh-squashed policy cannot be equivariant; declare the subgroup that moves actions by signed "
            "permutations (mirrors and quarter turns)"
        )
