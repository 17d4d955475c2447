"""Networks whose layers hold their matrices instead of what these are expanded from."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from nearsym.networks.linear import ExpandedLinear


class WrittenOut(ExpandedLinear):
    """y = W x + b with W and b as they are now, whatever they were made of.

    Args:
        layer: what it takes the place of.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, layer: ExpandedLinear) -> None:
        super().__init__(layer.in_features, layer.out_features, layer.members)
        weight, bias = layer.expand()
        self.register_buffer("weight", weight.detach().clone())
        self.register_buffer("bias", bias.detach().clone())

    def expand(self) -> tuple[Tensor, Tensor]:
        """As they are."""
        return self.weight, self.bias

    def weight_and_bias(self) -> tuple[Tensor, Tensor]:
        """As they are; there is nothing to remember."""
        return self.weight, self.bias


@torch.no_grad()
def written_out(network: nn.Module) -> nn.Module:
    """A copy in which every layer that has a matrix holds it, kernels of convolutions included.

    Layers that have none, since they look at their input, stay what they are.
    """
    network = copy.deepcopy(network).eval()
    for parent in list(network.modules()):
        if hasattr(parent, "applies"):  # some ways of applying a layer know what its matrix is made of
            parent.applies = False  # type: ignore[assignment]
        for name, child in list(parent.named_children()):
            if isinstance(child, ExpandedLinear):
                setattr(parent, name, WrittenOut(child))
    return network
