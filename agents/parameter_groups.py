"""Learning rates: relaxed weights may have one of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn
from torch.optim import Optimizer

from nearsym.networks import NetworkSettings, relaxed_weights

RATE = "rate"
"""Key of a group's factor on the learning rate."""


def parameter_groups(modules: Sequence[nn.Module], network: NetworkSettings) -> list[dict[str, Any]]:
    """What an optimizer is built from: trained parameters, relaxed weights apart where their rate is not the others'.

    A relaxed weight starts at 1 and has to get to 0 to silence a view of the world, or to -1 to turn it round. Filters
    start around 1/√fan_in, so that steps of one size, such as Adam's, change a network by its filters far sooner.

    Args:
        modules: whose parameters are trained together.
        network: names the factor, `NetworkSettings.relaxation_rate`.
    """
    parameters = [p for module in modules for p in module.parameters() if p.requires_grad]
    apart = {id(p) for module in modules for p in relaxed_weights(module)}
    if network.relaxation_rate == 1 or not apart:
        return [{"params": parameters}]
    return [
        {"params": [p for p in parameters if id(p) not in apart]},
        {"params": [p for p in parameters if id(p) in apart], RATE: network.relaxation_rate},
    ]


def apply_rates(optimizers: Sequence[Optimizer]) -> None:
    """Multiply every group's learning rate, freshly set by its schedule, by the group's factor."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] *= group.get(RATE, 1.0)
