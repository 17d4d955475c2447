"""Layer normalisation that commutes with a group."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

EPSILON = 1e-5
"""Added to a variance: torch.nn.LayerNorm's."""


class LayerNorm(nn.Module):
    """LayerNorm over a feature vector, with one scale and shift for each channel so that it commutes with permutations.

        y = (x - mean x) / √(var x + 1e-5) · scale[c] + shift[c]

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks import LayerNorm
        >>> norm = LayerNorm(Representation.regular(Group.cyclic(2)), channels=3, tied=True)
        >>> norm.scale.shape, norm(torch.zeros(5, 6)).shape
        (torch.Size([3]), torch.Size([5, 6]))

    Args:
        rep: representation on one channel, permutations.
        channels: number of channels.
        tied: share scale and shift within a channel; otherwise this is `torch.nn.LayerNorm`.
        members: number of independent ones, as in `Linear`; None for one that takes vectors of any leading shape.

    Attributes:
        in_rep: representation on the vector.
        out_rep: the same.

    Shapes: (..., channels·rep.dim) to the same; (members, batch, channels·rep.dim) where there are several.
    """

    def __init__(self, rep: Representation, channels: int, tied: bool, members: int | None = None) -> None:
        super().__init__()
        self.in_rep = self.out_rep = rep.copies(channels)
        self.channels, self.dim, self.features = channels, rep.dim, rep.dim * channels
        self.repeats = rep.dim if tied else 1
        shape = () if members is None else (members,)
        self.scale = nn.Parameter(torch.ones(*shape, self.features // self.repeats))
        self.shift = nn.Parameter(torch.zeros(*shape, self.features // self.repeats))

    def forward(self, x: Tensor) -> Tensor:
        """The vector, normalised."""
        scale, shift = (part.repeat_interleave(self.repeats, dim=-1) for part in (self.scale, self.shift))
        if self.scale.ndim == 1 or len(self.scale) == 1:
            return nn.functional.layer_norm(x, (self.features,), scale.view(-1), shift.view(-1))
        return nn.functional.layer_norm(x, (self.features,)) * scale.unsqueeze(1) + shift.unsqueeze(1)

    def columns(self, x: Tensor) -> Tensor:
        """The same of columns, as in `RelaxedLinear.columns`.

        Shapes: (members or 1, rep.dim, channels, batch) to the same.
        """
        shape = -1, self.channels, self.features // self.repeats // self.channels, 1
        scale, shift = (part.view(shape).transpose(1, 2) for part in (self.scale, self.shift))
        variance, mean = torch.var_mean(x, dim=(1, 2), correction=0, keepdim=True)
        return (x - mean) * (variance + EPSILON).rsqrt() * scale + shift
