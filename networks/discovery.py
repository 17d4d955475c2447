"""Reading from a trained relaxed network which group elements it has found broken."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from .measure import transform
from .relaxation import relaxed_layers


@torch.no_grad()
def departures(module: nn.Module) -> dict[str, Tensor]:
    """How far the relaxed weights of each layer are from allowing each known group element.

        departure(g) = Σ_i |w_l(i) - w_l(π_g(i))| / Σ_i |w_l(i)|        (π_g permutes the coordinates, summed over l)

    A relaxed layer commutes with g whatever its filters when w_l(i) = w_l(π_g(i)) for all i, so 0 means that
    this layer keeps g, and a subgroup it keeps shows as a set of zeros. Averaged over ensemble members. A relaxed
    bias b adds how far g moves it, for the size of an output's weights: mean_i |b(i) - (ρ(g) b)(i)| / mean_i ‖W_i‖.

    Returns:
        (rows,) for each relaxed layer, by name; empty for other networks.
    """
    found = {}
    for name, layer in relaxed_layers(module).items():
        weights = layer.relaxed_weights()
        rep: Representation = layer.hidden_rep.permutation()
        moved = torch.stack([transform(rep, g, weights) for g in range(rep.group.rows)])
        found[name] = (moved - weights).abs().sum(dim=(-1, -2, -3)) / weights.abs().sum()
        if layer.relaxed_bias is not None:
            bias = layer.relaxed_bias.view(layer.members, -1, layer.out_rep.dim)
            moved = torch.stack([transform(layer.out_rep, g, bias) for g in range(rep.group.rows)])
            found[name] += (moved - bias).abs().mean(dim=(-1, -2, -3)) / layer.expand()[0].norm(dim=-1).mean()
    return found


@torch.no_grad()
def coordinate_departures(module: nn.Module) -> dict[str, Tensor]:
    """How far the relaxed weight of each coordinate is from the others of its orbit.

        departure(i) = mean_l |w_l(i) - 1|        (1 is the mean over the orbit of i)

    For a group known by its generators alone, such as the permutations of assets, whose coordinates are the assets:
    those with large departures are those the network treats apart. Averaged over ensemble members.

    Returns:
        (dim,) for each relaxed layer, by name; empty for other networks.
    """
    layers = relaxed_layers(module).items()
    return {name: (layer.relaxed_weights() - 1).abs().mean(dim=(0, 1)) for name, layer in layers}
