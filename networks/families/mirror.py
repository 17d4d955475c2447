"""Mirror networks: plain ones whose loss says how far they are from equivariant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from ..applied import Applied, mirror_loss
from .plain import Plain
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Mirror(Plain):
    """Plain networks with a mirror loss (Yu, Turk & Liu, arXiv 1801.08093); keys beside those of `Family`.

        actor     w_μ · mean_g ‖μ(gs) - ρ(g) μ(s)‖²            in units of the loss, see `Family.regularizer`
        critics   w_q · mean_g ½ Σ_i (Q_i(gs, ga) - Q_i(s, a))²   of the critics' own unit

    with means over replayed states (of on-policy agents over those of the batch) and known elements, and μ the mean
    action in [-1, 1]. Only PPO's actor has such a loss in that paper and in Mittal et al. (arXiv 2403.04359), where the
    weight is a number that has nothing to do with rewards; the one on values is Abreu, Reis & Lau's
    (arXiv 2309.02711). Nothing is bound, and nothing starts equivariant.

    Attributes:
        mirror_weight: w_μ; docs/networks.md has what it was chosen from.
        value_weight: w_q.

    Raises:
        InputError: a value is out of range.
    """

    compares_orbits: ClassVar[bool] = True

    family: str = "mirror"
    mirror_weight: float = 0.1
    value_weight: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_strength("mirror_weight", "value_weight")

    def regularizer(self, module: nn.Module, scale: Tensor, applied: Applied | None = None) -> Tensor | None:
        """The mirror loss of an actor or of critics; of an encoder none."""
        if applied is None:
            return None
        actor = applied.name == "actor"
        weight = self.mirror_weight * scale.detach() if actor else 0.5 * self.value_weight
        return None if (self.mirror_weight if actor else self.value_weight) == 0 else weight * mirror_loss(applied)
