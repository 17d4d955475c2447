"""How far a network is from equivariant. It measures and judges nothing."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nearsym.envs.symmetry import Representation


def transform(rep: Representation, element: int, x: Tensor) -> Tensor:
    """ρ(g) x for x of shape (..., dim)."""
    if rep.dense is not None:
        return x @ torch.tensor(rep.dense[element].T, dtype=x.dtype, device=x.device)
    index, sign = (a[element] for a in rep.arrays)
    return x[..., torch.tensor(index, device=x.device)] * torch.tensor(sign, dtype=x.dtype, device=x.device)


@torch.no_grad()
def equivariance_error(
    function: Callable[[Tensor], Tensor], in_rep: Representation, out_rep: Representation, x: Tensor
) -> Tensor:
    """Relative equivariance error for each known group element, over a batch.

        error(g) = ‖f(ρ_in(g) x) - ρ_out(g) f(x)‖ / ‖f(x)‖        (Frobenius norms over the batch)

    Args:
        function: f, from (..., in_rep.dim) to (..., out_rep.dim).
        in_rep: representation on the input.
        out_rep: representation on the output (trivial for an invariant function).
        x: inputs, (batch, in_rep.dim).

    Returns:
        (rows,) errors; 0 is exact. Where f(x) = 0, zero if the numerator is and infinity otherwise.
    """
    y = function(x)
    norm = y.norm()
    errors = []
    for element in range(in_rep.group.rows):
        gap = (function(transform(in_rep, element, x)) - transform(out_rep, element, y)).norm()
        errors.append(torch.where(gap == 0, torch.zeros_like(gap), gap / norm))
    return torch.stack(errors)
