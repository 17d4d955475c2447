"""Constrained networks: an exact and a free pathway in every layer, and multipliers that say which must be free."""

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
from .plain import PlainLinear
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Constrained(Family):
    """Adaptive constrained equivariance (ACE, Manolache, Chamon & Niepert, arXiv 2505.13631); keys beside `Family`'s.

    Layers are f_exact + γ_l f_free (`ConstrainedLinear`), and what is sought is

        min_{θ, γ, u} max_{λ ≥ 0}  L(θ, γ) + Σ_l λ_l (|γ_l| - u_l) + ρ/2 Σ_l u_l²

    so that each layer is bound to |γ_l| ≤ u_l, with slack u_l where being bound costs more than slack. A
    multiplier λ_l is what the loss would gain, in units of the loss, if its layer were freer: `readings` has them.

    We differ in the slack, which is always the best one, u_l = λ_l / ρ, instead of following it by gradient steps; in
    ascent by the Adam that descends in the rest, with the gradient's sign reversed; in units, see `Family.regularizer`;
    and in where it starts: γ_l = 0, exactly equivariant as all families here are, where the paper starts free, at 1.
    As there, the constraint is on γ_l, and f_free is bound by nothing else.

    Attributes:
        slack: ρ, the price of slack; λ_l ends at ρ |γ_l|. Of 1 and 10 the smaller let networks leave a symmetry that
            holds.

    Raises:
        InputError: a value is out of range.
    """

    family: str = "constrained"
    slack: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_positive("slack")

    def linear(self, *args: Any, **kwargs: Any) -> ExpandedLinear:
        """`ConstrainedLinear`."""
        return ConstrainedLinear(Exact.like(self).linear(*args, **kwargs), kwargs.get("gain"))

    def regularizer(self, module: nn.Module, scale: Tensor, applied: Applied | None = None) -> Tensor | None:
        """The terms of the constraints; its gradient for λ is reversed, so that to descend is to ascend in λ."""
        total = torch.zeros((), device=next((p.device for p in module.parameters()), None))
        for layer in _layers(module).values():
            total = total + layer.lagrangian(self.slack, scale.detach())
        return total

    def relaxation(self, module: nn.Module) -> Tensor:
        """Σ_l |γ_l|, summed over members too."""
        sizes = [layer.gamma.abs().sum() for layer in _layers(module).values()]
        return torch.stack(sizes).sum() if sizes else torch.zeros(())

    def departures(self, module: nn.Module) -> dict[str, Tensor]:
        """`matrix_departures`."""
        return matrix_departures(module, ConstrainedLinear)

    def readings(self, module: nn.Module) -> dict[str, float]:
        """γ and λ of every layer, averaged over members: λ says which layer needs freedom."""
        found = {}
        for name, layer in _layers(module).items():
            found[f"gamma/{name}"] = layer.gamma.mean().item()
            found[f"multiplier/{name}"] = layer.multiplier.relu().mean().item()
        return found


class ConstrainedLinear(ExpandedLinear):
    """y = (W_exact + γ W_free) x + b_exact + γ b_free, with a multiplier λ ≥ 0 of the constraint on |γ|.

    The free part starts orthogonal to all equivariant matrices: what of it is equivariant would move γ wherever the
    exact part has something to learn. λ is a parameter like any other, so that one optimizer moves all, and checkpoints
    hold it. Below 0 it is read as 0, and driven no lower.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks import family
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> layer = family("constrained").linear(swap, swap, 1, 3, members=2)
        >>> layer.gamma.tolist(), layer.multiplier.tolist(), layer(torch.zeros(5, 2)).shape
        ([0.0, 0.0], [0.0, 0.0], torch.Size([2, 5, 6]))

    Args:
        exact: the exact part.
        gain: of the free part's initial weights; see `bounds`.

    Attributes:
        gamma: γ, (members,).
        multiplier: λ where it is positive, (members,).
    """

    def __init__(self, exact: ExpandedLinear, gain: float | None = None) -> None:
        super().__init__(exact.in_features, exact.out_features, exact.members)
        self.exact, self.reps = exact, exact.reps
        self.free = PlainLinear(exact.in_features, exact.out_features, exact.members, gain)
        assert exact.reps is not None  # exact layers but for steerable kernels have them
        in_rep, out_rep = exact.reps
        with torch.no_grad():
            biases = self.free.bias.unsqueeze(2), Representation.trivial(out_rep.group)
            for part, rep in ((self.free.weight, in_rep), biases):
                part.sub_(GroupMean(out_rep, rep)(part))
        self.gamma, self.multiplier = (nn.Parameter(torch.zeros(exact.members)) for _ in range(2))

    def expand(self) -> tuple[Tensor, Tensor]:
        """The sums of both parts."""
        (weight, bias), (free_weight, free_bias) = self.exact.expand(), self.free.expand()
        gamma = self.gamma.view(-1, 1)
        return weight + gamma.unsqueeze(2) * free_weight, bias + gamma * free_bias

    def lagrangian(self, slack: float, scale: Tensor) -> Tensor:
        """A scalar whose gradient for γ is `scale` λ sign γ, and for λ, where ascent is wanted, λ / ρ - |γ|."""
        size, multiplier = self.gamma.abs(), self.multiplier.relu().detach()
        violation = size.detach() - multiplier / slack
        movable = (self.multiplier > 0) | (violation > 0)
        return (scale * multiplier * size - self.multiplier * (violation * movable)).sum()


def _layers(module: nn.Module) -> dict[str, ConstrainedLinear]:
    return {name: layer for name, layer in module.named_modules() if isinstance(layer, ConstrainedLinear)}
