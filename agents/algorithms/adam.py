"""Adam for many steps on few small tensors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam(torch.optim.Adam):
    """`torch.optim.Adam`, to the bit, with moments looked up once instead of in every step.

    Networks of state-based control have a dozen small tensors, and torch's step spends more time on finding their
    moments than on arithmetic. The first step, and the first one after a state was loaded, is torch's own.

    Args:
        parameters: tensors, or groups of them with learning rates of their own.
        lr: learning rate.
        fused: see `torch.optim.Adam`.
    """

    def __init__(self, parameters: Iterable[Any], lr: float, fused: bool = False) -> None:
        self._found: list[tuple[dict[str, Any], list[list[Tensor]]]] | None = None
        super().__init__(parameters, lr=lr, fused=fused)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Loaded and copied moments are other tensors."""
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._found = None

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """One step on the gradients in ``grad``; parameters without one stay as they are."""
        gradients = [parameter.grad for group in self.param_groups for parameter in group["params"]]
        if closure is not None or self._found is None or any(gradient is None for gradient in gradients):
            loss = super().step(closure)
            self._found = self._find()
            return loss
        for group, lists in self._found:
            parameters, first, second, steps = lists
            own, gradients = gradients[: len(parameters)], gradients[len(parameters) :]
            adam(
                parameters,
                own,
                first,
                second,
                [],
                steps,
                fused=group["fused"],
                foreach=False,
                amsgrad=False,
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                lr=group["lr"],
                weight_decay=group["weight_decay"],
                eps=group["eps"],
                maximize=False,
            )
        return None

    def _find(self) -> list[tuple[dict[str, Any], list[list[Tensor]]]] | None:
        """For every group its parameters, their moments and counts of steps; None while one has none yet."""
        names = "exp_avg", "exp_avg_sq", "step"
        if any(not self.state[parameter] for group in self.param_groups for parameter in group["params"]):
            return None
        return [
            (group, [group["params"], *([self.state[p][name] for p in group["params"]] for name in names)])
            for group in self.param_groups
        ]
