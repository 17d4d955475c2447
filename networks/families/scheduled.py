"""Scheduled networks: relaxed for a part of the training, and exact at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..discovery import matrix_departures
from ..linear import ExpandedLinear
from .base import Family
from .exact import Exact
from .plain import PlainLinear
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Scheduled(Family):
    """Pertigkiozoglou, Chatzipantazis, Trivedi & Daniilidis (arXiv 2408.13242); keys beside those of `Family`.

    For symmetries that hold: the free part of every layer helps to find a solution and is gone when training ends,

        W(k) = W_exact + s(k) W_free,        s(k) = max(0, 1 - |2 k / K - 1|)        (k updates of K)

    We leave out their penalty on what the free part does (s alone ends it), and start it at 0.

    Attributes:
        relaxed_updates: K, the updates after which the network is exact; half way there it is freest. In runs of one
            update a step, a little less than their steps.

    Raises:
        InputError: a value is out of range.
    """

    family: str = "scheduled"
    relaxed_updates: int = 5000

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_whole("relaxed_updates")

    def linear(self, *args: Any, **kwargs: Any) -> ExpandedLinear:
        """`ScheduledLinear`."""
        return ScheduledLinear(Exact.like(self).linear(*args, **kwargs), self.relaxed_updates)

    def clocks(self, module: nn.Module) -> Sequence[nn.Parameter]:
        """That of every layer."""
        return [layer.clock for layer in module.modules() if isinstance(layer, ScheduledLinear)]

    def relaxation(self, module: nn.Module) -> Tensor:
        """Σ_l s ‖W_free‖, biases included."""
        layers = [layer for layer in module.modules() if isinstance(layer, ScheduledLinear)]
        sizes = [layer.freedom() * layer.free_size() for layer in layers]
        return torch.stack(sizes).sum() if sizes else torch.zeros(())

    def departures(self, module: nn.Module) -> dict[str, Tensor]:
        """`matrix_departures`."""
        return matrix_departures(module, ScheduledLinear)

    def readings(self, module: nn.Module) -> dict[str, float]:
        """s, which all layers share."""
        layers = [layer for layer in module.modules() if isinstance(layer, ScheduledLinear)]
        return {"freedom": float(layers[0].freedom())} if layers else {}


class ScheduledLinear(ExpandedLinear):
    """y = (W_exact + s W_free) x + b_exact + s b_free, with s = max(0, 1 - |2 k / K - 1|) after k updates.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks import family
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> layer = family("scheduled", relaxed_updates=8).linear(swap, swap)
        >>> [float(layer.clock.fill_(k) and layer.freedom()) for k in (0, 2, 4, 6, 8, 9)]
        [0.0, 0.5, 1.0, 0.5, 0.0, 0.0]

    Args:
        exact: the exact part.
        updates: K.

    Attributes:
        clock: k; whoever trains the layer sets it (`Family.clocks`).
    """

    def __init__(self, exact: ExpandedLinear, updates: int) -> None:
        super().__init__(exact.in_features, exact.out_features, exact.members)
        self.exact, self.reps, self.updates = exact, exact.reps, updates
        self.free = PlainLinear(exact.in_features, exact.out_features, exact.members, gain=0)
        self.clock = nn.Parameter(torch.zeros(1), requires_grad=False)

    def freedom(self) -> Tensor:
        """The factor s, a scalar."""
        return (1 - (2 * self.clock / self.updates - 1).abs()).clamp_min(0).squeeze(0)

    def free_size(self) -> Tensor:
        """‖(W_free, b_free)‖, a scalar."""
        return (self.free.weight.square().sum() + self.free.bias.square().sum()).sqrt()

    def expand(self) -> tuple[Tensor, Tensor]:
        """The sums of both parts."""
        (weight, bias), (free_weight, free_bias) = self.exact.expand(), self.free.expand()
        freedom = self.freedom()
        return weight + freedom * free_weight, bias + freedom * free_bias
