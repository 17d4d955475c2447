"""Residual pathway priors: an exact and a plain pathway in every layer, and a prior that prefers the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from ..discovery import matrix_departures
from ..linear import ExpandedLinear
from .exact import Exact
from .plain import PlainLinear
from .registry import register

if TYPE_CHECKING:
    from escnn.nn import FieldType


@register
@dataclass(frozen=True, kw_only=True)
class RPP(Exact):
    """Finzi, Benton & Wilson (arXiv 2112.01388), layers as in `ResidualLinear`; keys beside those of `Family`.

    Attributes:
        prior_equivariant: Gaussian prior on the exact part, λ_e = 1/(2σ²), in units of the loss.
        prior_residual: Gaussian prior on the plain part, λ_r = 1/(2σ²), in units of the loss.

    Raises:
        InputError: a value is out of range.
    """

    family: str = "rpp"
    prior_equivariant: float = 1e-6
    prior_residual: float = 1e-4

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_strength("prior_equivariant", "prior_residual")

    def linear(self, *args: Any, **kwargs: Any) -> ExpandedLinear:
        """`ResidualLinear`."""
        return ResidualLinear(super().linear(*args, **kwargs))

    def steerable_kernel(self, in_type: FieldType, out_type: FieldType, kernel_size: int) -> ExpandedLinear:
        """`ResidualLinear` of a steerable kernel and one that obeys no symmetry."""
        return ResidualLinear(super().steerable_kernel(in_type, out_type, kernel_size))

    def regularizer(self, module: nn.Module, scale: Tensor) -> Tensor | None:
        """The prior's `negative_log_density`."""
        if self.prior_equivariant + self.prior_residual == 0:
            return None
        return scale.detach() * self.negative_log_density(module)

    def negative_log_density(self, module: nn.Module) -> Tensor:
        """Of the prior, up to a constant: λ_e ‖θ_exact‖² + λ_r ‖θ_plain‖². A scalar."""
        total = torch.zeros((), device=next((p.device for p in module.parameters()), None))
        for layer in module.modules():
            if isinstance(layer, ResidualLinear):
                exact = sum(p.square().sum() for name, p in layer.exact.named_parameters() if name in layer.trained)
                plain = sum(p.square().sum() for p in layer.plain.parameters())
                total = total + self.prior_equivariant * exact + self.prior_residual * plain
        return total

    def departures(self, module: nn.Module) -> dict[str, Tensor]:
        """`matrix_departures`."""
        return matrix_departures(module, ResidualLinear)


class ResidualLinear(ExpandedLinear):
    """Residual pathway prior: an exact layer plus a plain one, y = (W_exact + W_plain) x + b_exact + b_plain.

    Gaussian priors with separate variances on the two parts make the exact one the easier way to explain the data.
    Finzi, Benton & Wilson, "Residual Pathway Priors for Soft Equivariance Constraints" (arXiv 2112.01388). We start
    the plain part at zero, so that the layer, like the relaxed one, starts exactly equivariant.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks import RPP
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> layer = RPP().linear(swap, swap, 1, 3)
        >>> bool(layer.plain.weight.abs().max() == 0), layer(torch.zeros(5, 2)).shape
        (True, torch.Size([1, 5, 6]))
    """

    def __init__(self, exact: ExpandedLinear) -> None:
        super().__init__(exact.in_features, exact.out_features, exact.members)
        self.exact, self.reps = exact, exact.reps
        self.plain = PlainLinear(exact.in_features, exact.out_features, exact.members, gain=0)
        # once and for all: inside torch.vmap no parameter says any more that it is trained
        self.trained = frozenset(name for name, parameter in exact.named_parameters() if parameter.requires_grad)

    def expand(self) -> tuple[Tensor, Tensor]:
        """The sums of both parts."""
        (weight, bias), (plain_weight, plain_bias) = self.exact.expand(), self.plain.expand()
        return weight + plain_weight, bias + plain_bias
