"""Measured networks: exact for those elements of a group that hold by what is experienced, and free of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..discovery import matrix_departures
from ..kept_linear import KeptLinear
from ..linear import ExpandedLinear
from .base import Audits, Family
from .exact import Exact
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Measured(Family):
    """Starts exact, has what is experienced audited, and frees at once what does not hold; keys beside `Family`'s.

    Every so many steps it is measured on replayed transitions what it costs to believe each element that is still kept
    (`nearsym.envs.auditing.cost_of_tying`). Those that beyond doubt cost more than is tolerated are broken. The largest
    subgroup without them is kept from then on, by actor and critics alike (`KeptLinear`), which go on from what they
    did. What is freed stays free.

    Attributes:
        audit_every: environment steps between two audits.
        audit_transitions: replayed transitions that an audit looks at.
        tolerated: cost up to which an element is kept, however certain it is; half of what an audit of the environment
            calls approximate, because a prediction from both sides lies half way between.

    Raises:
        InputError: a value is out of range.
    """

    family: str = "measured"
    audit_every: int = 1000
    audit_transitions: int = 2000
    tolerated: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_whole("audit_every", "audit_transitions")
        self.check_strength("tolerated")

    @property
    def audits(self) -> Audits:
        """As the keys say."""
        return Audits(self.audit_every, self.audit_transitions, self.tolerated)

    def linear(self, *args: Any, **kwargs: Any) -> ExpandedLinear:
        """`KeptLinear`."""
        return KeptLinear(Exact.like(self).linear(*args, **kwargs))

    def kept(self, module: nn.Module) -> Sequence[nn.Parameter]:
        """That of every layer."""
        return [layer.kept for layer in _layers(module)]

    def keep(self, module: nn.Module, kept: Tensor) -> None:
        """`KeptLinear.keep` of every layer."""
        for layer in _layers(module):
            layer.keep(kept)

    def relaxation(self, module: nn.Module) -> Tensor:
        """Share of the group's known elements that have been freed."""
        kept = self.kept(module)
        return 1 - torch.stack(list(kept)).mean() if kept else torch.zeros(())

    def departures(self, module: nn.Module) -> dict[str, Tensor]:
        """`matrix_departures`."""
        return matrix_departures(module, KeptLinear)


def _layers(module: nn.Module) -> list[KeptLinear]:
    return [layer for layer in module.modules() if isinstance(layer, KeptLinear)]
