"""Adaptive networks: plain ones drawn to a symmetry whose declaration is repaired by what the policy does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from ..applied import Applied
from ..auxiliary import Auxiliary
from .base import RATE, Family
from .plain import Plain
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Adaptive(Plain):
    """Adaptive Symmetry Learning (Abreu, Reis & Lau, arXiv 2309.02711); keys beside those of `Family`.

    What a mirror does to an action is declared up to a multiplier and an offset of every coordinate and element,

        a ↦ m_g ⊙ ρ(g) a + c_g            (m, c) = (1, 0) at first

    These move towards the line that fits pairs (ρ(g) μ(s), μ(gs)) of the batch, and the actor towards the repaired
    mirror of itself, by the loss

        w Σ_i mean_{g, s} R²_{g,i} (μ(gs) - m_g ⊙ ρ(g) μ(s) - c_g)²_i        in units of the loss

    R² is the share of the variance of μ(gs) that the fit explains. It is ours: where mirrored situations are dealt with
    in unrelated ways, a fitted line is flat and would draw the policy to a constant. Of the paper we have the fit and
    the loss on the actor, not its loss on values (the critic is plain), nor what it does for PPO alone. The fit is by
    least squares with a ridge that holds multipliers of actions that hardly vary at 1, and is followed by the
    optimizer's steps, `fit_lr_multiplier` times as large as those of weights.

    Attributes:
        symmetry_weight: w.
        fit_lr_multiplier: learning rate of multipliers and offsets, as a multiple of the others'.

    Raises:
        InputError: a value is out of range.
    """

    compares_orbits: ClassVar[bool] = True

    family: str = "adaptive"
    symmetry_weight: float = 1.0
    fit_lr_multiplier: float = 10.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_strength("symmetry_weight")
        self.check_positive("fit_lr_multiplier")

    def assembled(self, name: str, build: Callable[[Family], Any], auxiliary: Auxiliary | None) -> Any:
        """An actor with a `Repair`; critics as they are."""
        network = build(self)
        if name == "actor":
            network.repair = Repair(network.out_rep)
        return network

    def regularizer(self, module: nn.Module, scale: Tensor, applied: Applied | None = None) -> Tensor | None:
        """Of an actor: the loss, and what moves its `Repair`."""
        repair = _repair(module)
        if applied is None or repair is None:
            return None
        there, here = applied.orbit()
        return self.symmetry_weight * scale.detach() * repair.mirror_loss(there, here) + repair.away_from_fit(
            there, here
        )

    def parameter_groups(self, modules: Iterable[nn.Module]) -> list[dict[str, Any]]:
        """Multipliers and offsets apart."""
        modules = list(modules)
        (together,) = super().parameter_groups(modules)
        repairs = [repair for module in modules if (repair := _repair(module)) is not None]
        apart = [p for repair in repairs for p in repair.parameters()]
        if not apart:
            return [together]
        others = [p for p in together["params"] if all(p is not each for each in apart)]
        return [{"params": others}, {"params": apart, RATE: self.fit_lr_multiplier}]

    def relaxation(self, module: nn.Module) -> Tensor | None:
        """How far the declaration is from its repair: mean over elements and coordinates of |m - 1| + |c|."""
        repair = _repair(module)
        return None if repair is None else ((repair.multiplier - 1).abs() + repair.offset.abs()).mean()

    def readings(self, module: nn.Module) -> dict[str, float]:
        """Multipliers and offsets of every element and coordinate."""
        repair = _repair(module)
        if repair is None:
            return {}
        parts = {"multiplier": repair.multiplier, "offset": repair.offset}
        return {
            f"{part}/{name}/{i}": value
            for part, tensor in parts.items()
            for name, row in zip(repair.names, tensor.tolist(), strict=True)
            for i, value in enumerate(row)
        }


class Repair(nn.Module):
    """Multipliers and offsets of mirrored actions, learned from pairs x = ρ(g) μ(s), y = μ(gs).

    Of every element and coordinate, over a batch:

        m* = (cov(x, y) + r) / (var x + r)        c* = mean y - m* mean x        r = 1e-3

    Example:
        A policy that does the opposite of what the mirror says:

        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks.families.adaptive import Repair
        >>> repair = Repair(Symmetry.reflection(observation=[-1], action=[-1]).action)
        >>> mirrored = torch.linspace(-1, 1, 50).view(1, 50, 1).expand(2, 50, 1)
        >>> multiplier, offset, explained = repair.fit(there=-mirrored, here=mirrored)
        >>> multiplier[1].round(decimals=1), explained[1].round(decimals=1)
        (tensor([-1.]), tensor([1.]))

    Args:
        action: representation on actions.

    Attributes:
        multiplier: m, (rows, dim).
        offset: c, (rows, dim).
    """

    RIDGE = 1e-3

    def __init__(self, action: Representation) -> None:
        super().__init__()
        self.names = list(action.group.names)
        self.multiplier = nn.Parameter(torch.ones(action.group.rows, action.dim))
        self.offset = nn.Parameter(torch.zeros(action.group.rows, action.dim))

    def fit(self, there: Tensor, here: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """m*, c* and the share of the variance of y that they explain, (rows, dim) each, without gradient.

        Args:
            there: y, (rows, batch, dim).
            here: x, likewise.
        """
        x, y = here.detach(), there.detach()
        mean_x, mean_y = x.mean(dim=1, keepdim=True), y.mean(dim=1, keepdim=True)
        covariance = ((x - mean_x) * (y - mean_y)).mean(dim=1)
        variance, spread = (x - mean_x).square().mean(dim=1), (y - mean_y).square().mean(dim=1)
        multiplier = (covariance + self.RIDGE) / (variance + self.RIDGE)
        offset = mean_y.squeeze(1) - multiplier * mean_x.squeeze(1)
        left = (y - multiplier.unsqueeze(1) * x - offset.unsqueeze(1)).square().mean(dim=1)
        return multiplier, offset, ((spread - left) / (spread + 1e-6)).clamp(0, 1)

    def mirror_loss(self, there: Tensor, here: Tensor) -> Tensor:
        """Mean squared gaps from the repaired mirror, a scalar whose gradient leaves the repair alone."""
        _, _, explained = self.fit(there, here)
        repaired = self.multiplier.detach().unsqueeze(1) * here + self.offset.detach().unsqueeze(1)
        return ((there - repaired).square().mean(dim=1) * explained).sum(dim=-1).mean()

    def away_from_fit(self, there: Tensor, here: Tensor) -> Tensor:
        """½ ‖m - m*‖² + ½ ‖c - c*‖², a scalar whose gradient leaves the networks alone."""
        multiplier, offset, _ = self.fit(there, here)
        return 0.5 * ((self.multiplier - multiplier).square().sum() + (self.offset - offset).square().sum())


def _repair(module: nn.Module) -> Repair | None:
    found = getattr(module, "repair", None)
    return found if isinstance(found, Repair) else None
