"""Learning rates: some parameters may have one of their own."""

from __future__ import annotations

from collections.abc import Sequence

from torch.optim import Optimizer

from nearsym.networks import RATE


def apply_rates(optimizers: Sequence[Optimizer]) -> None:
    """Multiply every group's learning rate, freshly set by its schedule, by the group's factor."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] *= group.get(RATE, 1.0)
