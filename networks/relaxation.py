"""Reading and penalising what a relaxed network has learned to break."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .relaxed_linear import RelaxedLinear
from .relaxed_weights import RelaxedWeights, size_of


def relaxed_layers(module: nn.Module) -> dict[str, RelaxedLinear]:
    """The layers of `module` whose relaxed weights are learned, by name."""
    return {
        name: layer
        for name, layer in module.named_modules()
        if isinstance(layer, RelaxedLinear) and layer.relaxed_weights.learned
    }


def relaxed_weights(module: nn.Module) -> list[Tensor]:
    """θ of every relaxed weight that is learned: of groups, of kernels' positions and of time."""
    return [part.theta for part in module.modules() if isinstance(part, RelaxedWeights) and part.learned]


def relaxation_penalty(module: nn.Module) -> Tensor:
    """Σ_l Σ_g mean_h |w_l(g) - w_l(h)|, see `RelaxedWeights.penalty`, and the sizes of relaxed biases.

    Zero exactly when every relaxed layer is equivariant. Biases count averaged over channels. Summed over layers and
    ensemble members; a scalar.
    """
    total = torch.zeros((), device=next((p.device for p in module.parameters()), None))
    for part in module.modules():
        if isinstance(part, RelaxedWeights) and part.learned:
            total = total + part.penalty()
        if isinstance(part, RelaxedLinear) and part.relaxed_bias is not None:
            total = total + size_of(part.relaxed_bias).sum() / part.out_channels
    return total


@torch.no_grad()
def weights_per_element(module: nn.Module) -> dict[str, Tensor]:
    """For each relaxed layer, (dim,) the relaxed weight of each coordinate, averaged over members and banks.

    For a listed group the coordinates of a hidden channel are the group's elements: an element whose weight
    has left the others is one the network has found broken.
    """
    return {name: layer.relaxed_weights().mean(dim=(0, 1)) for name, layer in relaxed_layers(module).items()}
