"""Reading and regularising what a relaxed or residual-pathway network has learned to break."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .linear import RelaxedLinear, ResidualLinear
from .relaxed_weights import RelaxedWeights
from .settings import NetworkSettings


def relaxed_layers(module: nn.Module) -> dict[str, RelaxedLinear]:
    """The layers of `module` whose relaxed weights are learned, by name."""
    return {
        name: layer
        for name, layer in module.named_modules()
        if isinstance(layer, RelaxedLinear) and layer.relaxed_weights.learned
    }


def relaxed_weights(module: nn.Module) -> list[nn.Parameter]:
    """θ of every relaxed weight that is learned: of groups, of kernels' positions and of moments."""
    return [part.theta for part in module.modules() if isinstance(part, RelaxedWeights) and part.learned]


def relaxation_penalty(module: nn.Module) -> Tensor:
    """Σ_l Σ_g mean_h |w_l(g) - w_l(h)|, see `RelaxedWeights.penalty`, and the sizes of relaxed biases.

    Zero exactly when every relaxed layer is equivariant. Biases count averaged over channels. Summed over layers and
    ensemble members; a scalar.
    """
    total = torch.zeros((), device=next(module.parameters()).device)
    for part in module.modules():
        if isinstance(part, RelaxedWeights) and part.learned:
            total = total + part.penalty()
        if isinstance(part, RelaxedLinear) and part.relaxed_bias is not None:
            total = total + part.relaxed_bias.abs().sum() / part.out_channels
    return total


def residual_prior(module: nn.Module, settings: NetworkSettings) -> Tensor:
    """RPP's negative log prior, up to a constant: λ_e ‖θ_exact‖² + λ_r ‖θ_plain‖², each λ = 1/(2σ²). A scalar."""
    total = torch.zeros((), device=next(module.parameters()).device)
    for layer in module.modules():
        if isinstance(layer, ResidualLinear):
            exact = sum(p.square().sum() for p in layer.exact.parameters() if p.requires_grad)
            plain = sum(p.square().sum() for p in layer.plain.parameters())
            total = total + settings.prior_equivariant * exact + settings.prior_residual * plain
    return total


def regularizer(module: nn.Module, settings: NetworkSettings, scale: Tensor) -> Tensor | None:
    """What `settings` asks to be added to a loss for this network, or None when nothing is.

    Args:
        module: the network.
        settings: strengths λ.
        scale: a scalar that grows with the loss when rewards do. Times it, a λ means the same whatever the
            unit of reward: for a loss L ≥ 0, L + λ sg(L) P has the direction of the gradient of log L + λ P.
    """
    if settings.choice == "relaxed" and settings.relaxation_penalty > 0:
        return settings.relaxation_penalty * scale.detach() * relaxation_penalty(module)
    if settings.choice == "rpp" and settings.prior_equivariant + settings.prior_residual > 0:
        return scale.detach() * residual_prior(module, settings)
    return None


@torch.no_grad()
def weights_per_element(module: nn.Module) -> dict[str, Tensor]:
    """For each relaxed layer, (dim,) the relaxed weight of each coordinate, averaged over members and banks.

    For a listed group the coordinates of a hidden channel are the group's elements: an element whose weight
    has left the others is one the network has found broken.
    """
    return {name: layer.relaxed_weights().mean(dim=(0, 1)) for name, layer in relaxed_layers(module).items()}
