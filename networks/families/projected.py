"""Projected networks: plain matrices, drawn towards their nearest equivariant ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from ..applied import Applied
from ..discovery import matrix_departures
from ..group_mean import GroupMean
from ..linear import ExpandedLinear
from .base import Family
from .exact import Exact
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Projected(Family):
    """Berndt & Stühmer (arXiv 2601.05028), layers as in `ProjectedLinear`; keys beside those of `Family`.

    Attributes:
        projection_penalty: λ of λ Σ_l ‖W_l - P(W_l)‖², P the mean over the group, in units of the loss
            (`Family.regularizer`). The same as complement networks'.

    Raises:
        InputError: a value is out of range.
    """

    family: str = "projected"
    projection_penalty: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_strength("projection_penalty")

    def linear(self, *args: Any, **kwargs: Any) -> ExpandedLinear:
        """`ProjectedLinear`."""
        return ProjectedLinear(Exact.like(self).linear(*args, **kwargs))

    def regularizer(self, module: nn.Module, scale: Tensor, applied: Applied | None = None) -> Tensor | None:
        """`relaxation` times its strength."""
        if self.projection_penalty == 0:
            return None
        return self.projection_penalty * scale.detach() * self.relaxation(module)

    def relaxation(self, module: nn.Module) -> Tensor:
        """Σ_l ‖W_l - P(W_l)‖², biases included."""
        total = torch.zeros((), device=next((p.device for p in module.parameters()), None))
        for layer in module.modules():
            if isinstance(layer, ProjectedLinear):
                total = total + layer.departed()
        return total

    def departures(self, module: nn.Module) -> dict[str, Tensor]:
        """`matrix_departures`."""
        return matrix_departures(module, ProjectedLinear)


class ProjectedLinear(ExpandedLinear):
    """A plain layer y = W x + b with its distance from the equivariant ones, ‖W - P(W)‖² + ‖b - P(b)‖².

    Berndt & Stühmer, "Approximate Equivariance via Projection-Based Regularisation" (arXiv 2601.05028). They add the
    norm to the loss and start anywhere; we add its square, as Gaussian priors do, and start at the weights of an exact
    layer, so that the layer, like the relaxed one, starts exactly equivariant.

    Example:
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks import Exact
        >>> from nearsym.networks.families.projected import ProjectedLinear
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> layer = ProjectedLinear(Exact().linear(swap, swap, 1, 3))
        >>> layer.weight.shape, float(layer.departed())
        (torch.Size([1, 6, 2]), 0.0)

    Args:
        exact: an exact layer that knows its representations; what its weights are is where these start.
    """

    def __init__(self, exact: ExpandedLinear) -> None:
        super().__init__(exact.in_features, exact.out_features, exact.members)
        assert exact.reps is not None  # exact layers but for steerable kernels have them
        in_rep, out_rep = self.reps = exact.reps
        self.mean = GroupMean(out_rep, in_rep)
        self.bias_mean = GroupMean(out_rep, Representation.trivial(out_rep.group))
        with torch.no_grad():
            weight, bias = exact.expand()
        self.weight, self.bias = nn.Parameter(weight.clone()), nn.Parameter(bias.clone())

    def departed(self) -> Tensor:
        """‖W - P(W)‖² + ‖b - P(b)‖², summed over members, a scalar."""
        bias = self.bias.unsqueeze(2)
        return (self.weight - self.mean(self.weight)).square().sum() + (bias - self.bias_mean(bias)).square().sum()

    def expand(self) -> tuple[Tensor, Tensor]:
        """The parameters themselves."""
        return self.weight, self.bias

    def weight_and_bias(self) -> tuple[Tensor, Tensor]:
        """No expansion, so nothing to remember."""
        return self.expand()
