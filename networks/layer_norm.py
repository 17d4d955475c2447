"""Layer normalisation that commutes with a group."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation


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

    Attributes:
        in_rep: representation on the vector.
        out_rep: the same.

    Shapes: (..., channels·rep.dim) to the same.
    """

    def __init__(self, rep: Representation, channels: int, tied: bool) -> None:
        super().__init__()
        self.in_rep = self.out_rep = rep.copies(channels)
        self.features, self.repeats = rep.dim * channels, rep.dim if tied else 1
        self.scale = nn.Parameter(torch.ones(self.features // self.repeats))
        self.shift = nn.Parameter(torch.zeros(self.features // self.repeats))

    def forward(self, x: Tensor) -> Tensor:
        """The vector, normalised."""
        scale, shift = (part.repeat_interleave(self.repeats) for part in (self.scale, self.shift))
        return nn.functional.layer_norm(x, (self.features,), scale, shift)
