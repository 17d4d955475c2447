"""Relaxed networks: exactly equivariant at the start, and free to learn where the world is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from ..applied import Applied
from ..discovery import coordinate_departures, departures
from ..linear import Linear
from ..relaxation import relaxation_penalty, relaxed_weights, weights_per_element
from ..relaxed_linear import RelaxedLinear
from ..steerable_kernel import SteerableKernel
from ..time_weights import TimeWeights
from .base import RATE, Family
from .registry import register

if TYPE_CHECKING:
    from escnn.nn import FieldType


@register
@dataclass(frozen=True, kw_only=True)
class Relaxed(Family):
    """Learns relaxed weights (Park et al., arXiv 2411.04225); keys beside those of `Family`.

    Attributes:
        banks: filter banks L of a relaxed layer.
        relax_positions: give every tap of a convolution's kernel relaxed weights of its own (pixels).
        relax_biases: let biases leave what the symmetry allows, as an offset or a constant push in one direction asks
            for.
        relaxation_penalty: λ of λ Σ_l Σ_g mean_h |w_l(g) - w_l(h)|, added to actor and critic losses in units of the
            loss (`Family.regularizer`), so that it does not depend on the unit of reward.
        relaxed_lr_multiplier: learning rate of relaxed weights, as a multiple of the others'. A relaxed weight starts
            at 1 and has to get to 0 to silence a view of the world, or to -1 to turn it round; filters start around
            1/√fan_in, so that steps of one size, such as Adam's, change a network by its filters far sooner.

    Raises:
        InputError: a value is out of range.
    """

    family: str = "relaxed"
    banks: int = 1
    relax_positions: bool = False
    relax_biases: bool = True
    relaxation_penalty: float = 3e-2
    relaxed_lr_multiplier: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_whole("banks")
        self.check_strength("relaxation_penalty")
        self.check_positive("relaxed_lr_multiplier")

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
        """`RelaxedLinear`."""
        return RelaxedLinear(
            in_rep,
            out_rep,
            in_channels,
            out_channels,
            banks=self.banks,
            relax=relax,
            grid=grid,
            relax_positions=self.relax_positions and grid is not None and relax == "input",
            relax_biases=self.relax_biases,
            members=members,
            gain=gain,
        )

    def steerable_kernel(self, in_type: FieldType, out_type: FieldType, kernel_size: int) -> Linear:
        """`SteerableKernel`, whose relaxed weights belong to positions."""
        return SteerableKernel(in_type, out_type, kernel_size, self.banks, relaxed=True)

    def time_weights(self, steps: int) -> nn.Module:
        """`TimeWeights`."""
        return TimeWeights(steps)

    def regularizer(self, module: nn.Module, scale: Tensor, applied: Applied | None = None) -> Tensor | None:
        """`relaxation_penalty` times its strength."""
        if self.relaxation_penalty == 0:
            return None
        return self.relaxation_penalty * scale.detach() * relaxation_penalty(module)

    def parameter_groups(self, modules: Iterable[nn.Module]) -> list[dict[str, Any]]:
        """Relaxed weights apart, where their learning rate is not the others'."""
        modules = list(modules)
        together = super().parameter_groups(modules)
        apart = {id(p) for module in modules for p in relaxed_weights(module)}
        if self.relaxed_lr_multiplier == 1 or not apart:
            return together
        parameters = together[0]["params"]
        return [
            {"params": [p for p in parameters if id(p) not in apart]},
            {"params": [p for p in parameters if id(p) in apart], RATE: self.relaxed_lr_multiplier},
        ]

    def relaxation(self, module: nn.Module) -> Tensor:
        """`relaxation_penalty` at strength 1."""
        return relaxation_penalty(module)

    def relaxed_weights(self, module: nn.Module) -> dict[str, Tensor]:
        """`weights_per_element`."""
        return weights_per_element(module)

    def departures(self, module: nn.Module) -> dict[str, Tensor]:
        """`departures` of relaxed weights."""
        return departures(module)

    def coordinate_departures(self, module: nn.Module) -> dict[str, Tensor]:
        """`coordinate_departures` of relaxed weights."""
        return coordinate_departures(module)
