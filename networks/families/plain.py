"""Plain networks: ordinary weights that know nothing of a symmetry, the baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from ..initialisation import bounds
from ..layer_norm import LayerNorm
from ..linear import ExpandedLinear, Linear
from .base import Family
from .registry import register

if TYPE_CHECKING:
    from escnn.nn import FieldType


@register
@dataclass(frozen=True, kw_only=True)
class Plain(Family):
    """Ignores the symmetry; keys and errors are those of `Family`."""

    family: str = "plain"

    @property
    def architecture(self) -> str:
        """Plain networks', whatever they learn from."""
        return Plain.family

    @property
    def needs_symmetry(self) -> bool:
        """Only to move what it learns from, or to compare."""
        return self.augment or self.compares_orbits

    def linear(
        self,
        in_rep: Representation,
        out_rep: Representation,
        in_channels: int = 1,
        out_channels: int = 1,
        *,
        relax: str = "input",
        grid: Representation | None = None,
        members: int = 1,
        gain: float | None = None,
    ) -> Linear:
        """`PlainLinear`."""
        in_features = in_channels * in_rep.dim * (1 if grid is None else grid.dim)
        return PlainLinear(in_features, out_channels * out_rep.dim, members, gain)

    def steerable_kernel(self, in_type: FieldType, out_type: FieldType, kernel_size: int) -> Linear:
        """A kernel of the same shape that obeys no symmetry."""
        return PlainLinear(in_type.size * kernel_size**2, out_type.size)

    def layer_norm(self, rep: Representation, channels: int, members: int | None = None) -> LayerNorm:
        """`torch.nn.LayerNorm`'s: a scale and shift for every coordinate."""
        return LayerNorm(rep, channels, tied=False, members=members)


class PlainLinear(ExpandedLinear):
    """The non-equivariant baseline: `members` copies of `torch.nn.Linear`, with its initialisation.

    Example:
        >>> import torch
        >>> from nearsym.networks import PlainLinear
        >>> PlainLinear(3, 4, members=2)(torch.zeros(5, 3)).shape
        torch.Size([2, 5, 4])

    Args:
        in_features: size of x.
        out_features: size of y.
        members: number of independent layers.
        gain: see `bounds`; 0 starts at W = 0, b = 0.
    """

    def __init__(self, in_features: int, out_features: int, members: int = 1, gain: float | None = None) -> None:
        super().__init__(in_features, out_features, members)
        bound, bias_bound = bounds(in_features, out_features, gain)
        self.weight = nn.Parameter(torch.empty(members, out_features, in_features).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, out_features).uniform_(-bias_bound, bias_bound))

    def expand(self) -> tuple[Tensor, Tensor]:
        """The parameters themselves."""
        return self.weight, self.bias

    def weight_and_bias(self) -> tuple[Tensor, Tensor]:
        """No expansion, so nothing to remember."""
        return self.expand()
