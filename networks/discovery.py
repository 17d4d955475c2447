"""Reading from a trained network which group elements it has found broken."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from .linear import ExpandedLinear
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


@torch.no_grad()
def matrix_departures(module: nn.Module, kind: type[ExpandedLinear]) -> dict[str, Tensor]:
    """How far the matrix of each layer is from commuting with each known group element.

        departure(g) = ‖ρ_out(g) V - V ρ_in(g)‖ / ‖V‖        V = (W b), ρ_in with a trivial coordinate for b

    For layers that have no relaxed weights to read: 0 means that the layer keeps g, and 2 is the most, a layer that
    does the opposite. Averaged over ensemble members.

    Args:
        module: the network.
        kind: which of its layers.

    Returns:
        (rows,) for each such layer that knows its representations, by name.
    """
    found = {}
    for name, layer in module.named_modules():
        if isinstance(layer, kind) and layer.reps is not None:
            in_rep, out_rep = layer.reps
            weight, bias = layer.weight_and_bias()
            rows = weight.reshape(layer.members, -1, out_rep.dim, layer.in_features)
            bias = bias.reshape(layer.members, -1, out_rep.dim, 1)
            size = (rows.square().sum(dim=(1, 2, 3)) + bias.square().sum(dim=(1, 2, 3))).sqrt()
            gaps = [_gap(in_rep, out_rep, g, rows) + _gap(None, out_rep, g, bias) for g in range(in_rep.group.rows)]
            found[name] = (torch.stack(gaps).sqrt() / size.clamp_min(torch.finfo(size.dtype).tiny)).mean(dim=1)
    return found


def _gap(in_rep: Representation | None, out_rep: Representation, element: int, matrix: Tensor) -> Tensor:
    """‖ρ_out(g) M ρ_in(g)⁻¹ - M‖² of (members, channels, out_rep.dim, in) matrices, (members,)."""
    moved = transform(out_rep, element, matrix.transpose(2, 3)).transpose(2, 3)
    if in_rep is not None:
        channels = moved.reshape(*moved.shape[:3], -1, in_rep.dim)
        moved = transform(in_rep, element, channels).reshape(matrix.shape)
    return (moved - matrix).square().sum(dim=(1, 2, 3))
