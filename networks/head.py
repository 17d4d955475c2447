"""Equivariant functions of a state: logits, values of all actions, the value of the state itself."""

from __future__ import annotations

from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from .encoders import Trunk, trunk_before
from .families import Family
from .mlp import MLP


class Head(nn.Module):
    """f with f(gs) = ρ_out(g) f(s), bound by nothing else.

    With the trivial representation it is the value of a state; with the permutation of discrete actions, their logits
    or their Q-values; with the representation on continuous actions, the mean of a Gaussian that is not squashed.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Exact, Head
        >>> mirror = Symmetry.reflection(observation=[-1, 1, -1], action=[1, 0])
        >>> logits = Head(mirror.observation.rep, mirror.action, Exact(width=32))
        >>> seen = torch.tensor([[0.5, 0.1, 1.0]])
        >>> mirrored = logits(seen * torch.tensor([-1.0, 1.0, -1.0]))
        >>> bool(torch.allclose(mirrored, logits(seen).flip(-1), atol=1e-6))
        True

    Args:
        inputs: representation on the input, or the trunk that is applied first (`trunk_for`).
        out_rep: representation on the output.
        family: which network.

    Attributes:
        in_rep: representation on the flattened input.
        out_rep: representation on the output.

    Shapes: (..., in_rep.dim), or what the trunk takes, to (..., out_rep.dim).
    """

    def __init__(self, inputs: Trunk | Representation, out_rep: Representation, family: Family) -> None:
        super().__init__()
        self.trunk = trunk_before(inputs)
        self.in_rep, self.out_rep = self.trunk.in_rep, out_rep
        self.mlp = MLP(self.trunk.out_rep, [out_rep], family, gain=self.trunk.head_gain)

    def forward(self, x: Tensor) -> Tensor:
        """Output of every row."""
        (output,) = self.mlp(self.trunk(x))
        return output.squeeze(0)
