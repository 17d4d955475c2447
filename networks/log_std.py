"""The spread of a Gaussian policy that is the same in every state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, mixed_coordinates

from .families import Family, Plain


class LogStd(nn.Module):
    """log σ, one number for all coordinates of the action that the group mixes.

    N(μ, diag σ²) is equivariant where ρ(g) diag(σ²) ρ(g)ᵀ = diag(σ²), which is to say where σ is the same for any two
    coordinates between which an element has an entry. Layers of `Plain` are bound to nothing, and neither is their σ.

    Example:
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Exact, LogStd, Plain
        >>> swap = Symmetry.reflection(observation=[1, 0], action=[1, 0])
        >>> [sum(p.numel() for p in LogStd(swap.action, network(width=8)).parameters()) for network in (Exact, Plain)]
        [1, 2]

    Args:
        action: representation on the action; may be dense.
        family: which network.
        first: what every log σ starts from.

    Shapes: () to (action.dim,).
    """

    which: Tensor

    def __init__(self, action: Representation, family: Family, first: float = 0.0) -> None:
        super().__init__()
        free = family.architecture == Plain.family
        which = torch.arange(action.dim) if free else torch.as_tensor(mixed_coordinates(action))
        self.register_buffer("which", which, persistent=False)
        self.values = nn.Parameter(torch.full((int(which.max()) + 1,), float(first)))

    def forward(self) -> Tensor:
        """(action.dim,) log σ."""
        return self.values[self.which]
