"""Adam for all parameters of an objective at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from .flat import Flat

BETAS, EPSILON = (0.9, 0.999), 1e-8
"""Decay of the moments, and what is added to the root of the second: torch's defaults."""

Objective = Callable[[], tuple[Tensor, tuple[Tensor, ...]]]
"""What is to be minimised, and whatever else was computed on the way."""


class Moments(Flat):
    """Parameters in one tensor, with Adam's moments of each and a count of steps.

    Args:
        parameters: trained ones.
        rates: learning rate of each parameter.

    Attributes:
        first: (n,) decaying mean of gradients.
        second: (n,) decaying mean of squared gradients.
        steps: a scalar.
        rate: (n,) learning rates, or a scalar where all are the same.
    """

    first: Tensor
    second: Tensor
    steps: Tensor
    rate: Tensor

    def __init__(self, parameters: Sequence[nn.Parameter], rates: Sequence[float]) -> None:
        super().__init__(parameters)
        self.register_buffer("first", torch.zeros_like(self.tensor), persistent=False)
        self.register_buffer("second", torch.zeros_like(self.tensor), persistent=False)
        self.register_buffer("steps", torch.zeros((), device=self.tensor.device), persistent=False)
        each = torch.tensor(rates[0] if len(set(rates)) == 1 else rates, dtype=torch.float64)
        if each.dim():
            each = each.repeat_interleave(torch.tensor([parameter.numel() for parameter in parameters]))
        self.register_buffer("rate", each.to(self.tensor), persistent=False)

    def gather(self) -> bool:
        """As `Flat.gather`; the moments follow the parameters to another type or device."""
        changed = super().gather()
        if changed:
            for name in ("first", "second", "rate"):
                if hasattr(self, name):
                    setattr(self, name, getattr(self, name).to(self.tensor))
        return changed


class Adam:
    """`torch.optim.Adam` on flat parameters: one fused operation instead of one for every tensor and quantity.

    Kingma & Ba, "Adam: A Method for Stochastic Optimization" (arXiv 1412.6980). Its state is saved in torch's form, so
    that either reads the other's.

    Args:
        groups: parameters with their learning rates, ``[{"params": [...], "lr": ...}, ...]``.

    Attributes:
        flat: parameters and moments.
        functional: whether tensors are swapped from outside (`UpdateRule`), so that gradients are those of functions
            of them.
    """

    def __init__(self, groups: Sequence[dict[str, Any]]) -> None:
        self._groups = [(list(group["params"]), float(group["lr"])) for group in groups]
        self.parameters: list[nn.Parameter] = [p for parameters, _ in self._groups for p in parameters]
        self._sizes = [sum(p.numel() for p in parameters) for parameters, _ in self._groups]
        rates = [rate for parameters, rate in self._groups for _ in parameters]
        self.flat = Moments(self.parameters, rates)
        self.functional = False
        self._names: list[str] = []
        self._bound: Bound | None = None

    def bind(self, modules: nn.ModuleDict) -> None:
        """Say where the parameters belong, for a functional update."""
        names = {id(parameter): f"modules_held.{name}" for name, parameter in modules.named_parameters()}
        self._names, self._bound = [names[id(parameter)] for parameter in self.parameters], Bound(modules)

    def minimize(self, objective: Objective) -> tuple[Tensor, ...]:
        """One step on the gradient of an objective for the parameters alone.

        Args:
            objective: a scalar, and a tuple of tensors that are of use elsewhere.

        Returns:
            That tuple, detached.
        """
        gradient, found = self.gradient(objective)
        self.step(gradient)
        return tuple(tensor.detach() for tensor in found)

    def gradient(self, objective: Objective) -> tuple[Tensor, tuple[Tensor, ...]]:
        """(n,) the gradient of an objective, and what else it returned."""
        if not self.functional:
            value, found = objective()
            parts = torch.autograd.grad(value, self.parameters, materialize_grads=True)
            return torch.cat([part.reshape(-1) for part in parts]), found
        bound = self._bound
        assert bound is not None  # functional after `bind` alone

        def of(tensor: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
            own = dict(zip(self._names, self.flat.views(tensor), strict=True))
            result: tuple[Tensor, tuple[Tensor, ...]] = functional_call(bound, own, (objective,))
            return result

        return torch.func.grad(of, has_aux=True)(self.flat.tensor)

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        """One step of all parameters along an (n,) gradient."""
        flat = self.flat
        flat.steps.add_(1)
        if self.functional:
            one, two = BETAS
            flat.first.mul_(one).add_((1 - one) * gradient)
            flat.second.mul_(two).add_((1 - two) * gradient * gradient)
            first, second = (
                -torch.expm1(flat.steps * math.log(beta)) for beta in BETAS
            )  # 1 - β^t, in single precision
            spread = (flat.second / second).sqrt() + EPSILON
            flat.tensor.sub_(flat.rate / first * flat.first / spread)
            return
        flat.gather()
        tensors = flat.tensor, gradient, flat.first, flat.second
        parts = zip(*(torch.split(tensor, self._sizes) for tensor in tensors), strict=True)
        for (_, rate), (parameters, own, first, second) in zip(self._groups, parts, strict=True):
            torch._fused_adam_(
                [parameters],
                [own],
                [first],
                [second],
                [],
                [flat.steps],
                lr=rate,
                beta1=BETAS[0],
                beta2=BETAS[1],
                weight_decay=0.0,
                eps=EPSILON,
                amsgrad=False,
                maximize=False,
            )

    def state_dict(self) -> dict[str, Any]:
        """In the form of `torch.optim.Adam.state_dict`."""
        state: dict[int, dict[str, Tensor]] = {}
        if self.flat.steps > 0:
            moments = zip(self.flat.views(self.flat.first), self.flat.views(self.flat.second), strict=True)
            for number, (first, second) in enumerate(moments):
                state[number] = {
                    "step": self.flat.steps.clone(),
                    "exp_avg": first.clone(),
                    "exp_avg_sq": second.clone(),
                }
        groups, start = [], 0
        for parameters, rate in self._groups:
            numbers = list(range(start, start := start + len(parameters)))
            groups.append({"lr": rate, "betas": BETAS, "eps": EPSILON, "params": numbers})
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Put back what `state_dict`, or `torch.optim.Adam`'s, gave; learning rates stay as they are.

        Raises:
            ValueError: it belongs to other parameters.
        """
        state, count = saved["state"], sum(len(group["params"]) for group in saved["param_groups"])
        shapes = [tuple(state[i]["exp_avg"].shape) for i in sorted(state)]
        if count != len(self.parameters) or (state and shapes != [tuple(p.shape) for p in self.parameters]):
            raise ValueError("the saved moments of Adam belong to parameters of other shapes")
        flat = self.flat
        flat.gather()
        with torch.no_grad():
            for name, target in (("exp_avg", flat.first), ("exp_avg_sq", flat.second)):
                target.copy_(torch.cat([state[i][name].reshape(-1) for i in range(count)]) if state else target * 0)
            flat.steps.copy_(state[0]["step"] if state else torch.zeros(()))


class Bound(nn.Module):
    """A function called while the parameters of modules are others, see `torch.func.functional_call`."""

    def __init__(self, modules: nn.ModuleDict) -> None:
        super().__init__()
        self.modules_held = modules

    def forward(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The function's result."""
        return function(*arguments)
