"""Exact networks: bound to the symmetry, whatever the world does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearsym.envs.symmetry import Representation

from ..linear import ExpandedLinear
from ..relaxed_linear import RelaxedLinear
from ..steerable_kernel import SteerableKernel
from .base import Family
from .registry import register

if TYPE_CHECKING:
    from escnn.nn import FieldType


@register
@dataclass(frozen=True, kw_only=True)
class Exact(Family):
    """Equivariant actor, invariant critics; keys and errors are those of `Family`."""

    family: str = "exact"

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
    ) -> ExpandedLinear:
        """`RelaxedLinear` whose relaxed weights stay 1."""
        return RelaxedLinear(
            in_rep,
            out_rep,
            in_channels,
            out_channels,
            relaxed=False,
            relax=relax,
            grid=grid,
            members=members,
            gain=gain,
        )

    def steerable_kernel(self, in_type: FieldType, out_type: FieldType, kernel_size: int) -> ExpandedLinear:
        """`SteerableKernel` whose relaxed weights stay 1."""
        return SteerableKernel(in_type, out_type, kernel_size, banks=1, relaxed=False)
