"""Complement networks: equivariant matrices, and apart from them what is orthogonal to all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..applied import Applied
from ..complement_linear import ComplementLinear
from ..discovery import matrix_departures
from ..linear import Linear
from .base import Family
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Complement(Family):
    """Learns what is orthogonal to the equivariant matrices beside them (`ComplementLinear`); keys beside `Family`'s.

    Attributes:
        complement_penalty: λ of λ Σ_l ‖W_l - P(W_l)‖², P the mean over the group, in units of the loss
            (`Family.regularizer`): 0 exactly when every layer is equivariant. It is rpp's prior on its plain part, but
            for what of that part is equivariant. Chosen in supervised learning (docs/networks.md).

    Raises:
        InputError: a value is out of range.
    """

    family: str = "complement"
    complement_penalty: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_strength("complement_penalty")

    def linear(self, *args: Any, **kwargs: Any) -> Linear:
        """`ComplementLinear`."""
        return ComplementLinear(*args, **kwargs)

    def regularizer(self, module: nn.Module, scale: Tensor, applied: Applied | None = None) -> Tensor | None:
        """`relaxation` times its strength."""
        if self.complement_penalty == 0:
            return None
        return self.complement_penalty * scale.detach() * self.relaxation(module)

    def relaxation(self, module: nn.Module) -> Tensor:
        """Σ_l ‖W_l - P(W_l)‖², biases included."""
        total = torch.zeros((), device=next((p.device for p in module.parameters()), None))
        for layer in module.modules():
            if isinstance(layer, ComplementLinear):
                total = total + layer.departed()
        return total

    def departures(self, module: nn.Module) -> dict[str, Tensor]:
        """`matrix_departures`."""
        return matrix_departures(module, ComplementLinear)
