"""Reading and regularising what a relaxed or residual-pathway network has learned to break."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, coordinate_orbits

from .linear import RelaxedLinear, ResidualLinear
from .settings import NetworkSettings
from .steerable import SteerableKernel
from .temporal import MomentWeights


def relaxed_layers(module: nn.Module) -> dict[str, RelaxedLinear]:
    """The layers of `module` whose relaxed weights are learned, by name."""
    return {
        name: layer
        for name, layer in module.named_modules()
        if isinstance(layer, RelaxedLinear) and layer.relaxed_weights.requires_grad
    }


def relaxed_weights(module: nn.Module) -> list[nn.Parameter]:
    """Every relaxed weight that is learned: of groups, of kernels' positions and of moments."""
    kinds = RelaxedLinear | SteerableKernel | MomentWeights
    found = [layer.relaxed_weights for layer in module.modules() if isinstance(layer, kinds)]
    return [weights for weights in found if weights.requires_grad]


def relaxation_penalty(module: nn.Module) -> Tensor:
    """Σ_l Σ_g mean_h |w_l(g) - w_l(h)| over banks l and the other coordinates h of g's orbit.

    Zero exactly when every relaxed layer is equivariant. A mean over h, so that a weight is held as strongly in a large
    group as in a small one. Relaxed biases add their sizes, averaged over channels. Summed over layers and ensemble
    members; a scalar.
    """
    total = torch.zeros((), device=next(module.parameters()).device)
    for layer in module.modules():
        if isinstance(layer, RelaxedLinear):
            orbits = _orbits_by_size(layer.hidden_rep)
        elif isinstance(layer, SteerableKernel | MomentWeights):
            orbits = tuple(layer.weight_orbits())
        else:
            continue
        w = layer.relaxed_weights
        if not w.requires_grad:
            continue
        if isinstance(layer, RelaxedLinear) and layer.relaxed_bias is not None:
            total = total + layer.relaxed_bias.abs().sum() / layer.out_channels
        for orbit in orbits:
            inside = w[..., orbit.to(w.device)]
            total = total + (inside.unsqueeze(-1) - inside.unsqueeze(-2)).abs().sum() / (inside.shape[-1] - 1)
    return total


@lru_cache(maxsize=64)
def _orbits_by_size(rep: Representation) -> tuple[Tensor, ...]:
    """Orbits of coordinates as one (orbits, size) index tensor for each size above 1."""
    orbits = coordinate_orbits(rep)
    sizes = sorted({len(orbit) for orbit in orbits} - {1})
    return tuple(torch.tensor(np.stack([orbit for orbit in orbits if len(orbit) == size])) for size in sizes)


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
    return {name: layer.relaxed_weights.mean(dim=(0, 1)) for name, layer in relaxed_layers(module).items()}
