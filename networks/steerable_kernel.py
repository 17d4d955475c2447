"""The kernel of a steerable convolution, from escnn's bases."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .linear import ExpandedLinear
from .relaxed_weights import RelaxedWeights

if TYPE_CHECKING:
    from escnn.nn import FieldType


class SteerableKernel(ExpandedLinear):
    """The kernel of a steerable convolution, with relaxed weights on its positions.

        kernel(y) = 1/L Σ_l w_l(y) ⊙ (Σ_b c_{l,b} K_b(y))

    K_b is escnn's basis of the kernels that commute with the group (Cesa, Lang & Weiler, "A Program to Build
    E(N)-Equivariant Steerable CNNs", 2022). All w_l are 1 at the start, so the layer starts as equivariant as its
    sampled basis; it stays so while each w_l is the same at all positions of one radius. Relaxed steerable convolution:
    Wang, Walters & Yu (arXiv 2201.11969).

    Of escnn only the basis is used: its layers expand their kernel once in ``eval()`` and keep it, so that a target
    network updated by Polyak steps would never change.

    Example:
        >>> from nearsym.networks.steerable import field, space
        >>> from nearsym.networks.steerable_kernel import SteerableKernel
        >>> plane = space("C8")
        >>> kernel = SteerableKernel(field(plane, 3, "trivial"), field(plane, 2), 5, banks=1, relaxed=True)
        >>> kernel.weight_and_bias()[0].shape
        torch.Size([1, 16, 75])

    Args:
        in_type: escnn's type of the input field.
        out_type: of the output field.
        kernel_size: taps along each side.
        banks: number of filter banks L.
        relaxed: learn w.
    """

    bias_basis: Tensor
    squared_radius: Tensor

    def __init__(self, in_type: FieldType, out_type: FieldType, kernel_size: int, banks: int, relaxed: bool) -> None:
        taps = kernel_size**2
        super().__init__(in_type.size * taps, out_type.size, 1)
        with quiet():
            from escnn.nn import R2Conv

            layers = [R2Conv(in_type, out_type, kernel_size) for _ in range(banks)]
        first = layers[0]
        self.basis: nn.Module = first.basisexpansion
        self.coefficients = nn.Parameter(torch.stack([layer.weights.detach() for layer in layers]) * math.sqrt(banks))
        expansion = torch.zeros(out_type.size, 0) if first.bias is None else first.bias_expansion.detach().clone()
        self.register_buffer("bias_basis", expansion, persistent=False)
        self.bias_filters = nn.Parameter(torch.zeros(expansion.shape[1]))
        reach = torch.arange(kernel_size) - (kernel_size - 1) / 2
        self.register_buffer("squared_radius", (reach[:, None] ** 2 + reach**2).flatten(), persistent=False)
        rings = [torch.nonzero(self.squared_radius == r).flatten().numpy() for r in torch.unique(self.squared_radius)]
        self.relaxed_weights = RelaxedWeights(rings, (banks,), relaxed)

    def expand(self) -> tuple[Tensor, Tensor]:
        """W (1, out planes, in planes·taps) and b (1, out planes)."""
        kernels = [self.basis(c) * w for c, w in zip(self.coefficients, self.relaxed_weights(), strict=True)]
        weight = torch.stack(kernels).mean(dim=0)
        return weight.reshape(1, self.out_features, self.in_features), (self.bias_basis @ self.bias_filters)[None]


@contextmanager
def quiet() -> Iterator[None]:
    """Escnn and what it imports warn of their own insides."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
