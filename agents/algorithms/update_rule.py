"""A learner's update as a function of tensors, which can be compiled, and done for many seeds at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.func import functional_call

from .adam import Adam, Bound
from .compiled import compile_function
from .cuda_graph import Function
from .experience import Batch
from .flat import Flat

if TYPE_CHECKING:
    from .actor_critic import ActorCritic

Drawn = dict[str, Tensor]
"""Random numbers of an update, by what they are for: drawn before it, so that however it is done it uses the same."""

Step = Callable[[Batch, Drawn], dict[str, Tensor]]


@dataclass(frozen=True)
class CompiledUpdate:
    """An update's code, which knows no learner: all tensors that it reads or changes are its arguments.

    Attributes:
        run: the code.
        losses: names of what it returns.
        shapes: of the batches it is for.
    """

    run: Function
    losses: list[str]
    shapes: list[torch.Size]


class UpdateRule:
    """(tensors, batch, drawn) → losses, where `tensors` are all that an update changes, in place, or finds changed.

    Args:
        learner: whose `step` it is; its optimizers become functional for as long as the rule is entered.
    """

    def __init__(self, learner: ActorCritic) -> None:
        self._step = learner.step
        self._optimizers: dict[str, Adam] = learner.adams()
        flats: dict[str, Flat] = {name: optimizer.flat for name, optimizer in self._optimizers.items()}
        flats["delayed"] = learner.delayed
        if learner.untrained is not None:
            flats["untrained"] = learner.untrained
        networks = nn.ModuleDict(learner.modules())
        self._flats, self._bound = flats, Bound(nn.ModuleDict({"networks": networks, "flats": nn.ModuleDict(flats)}))
        names = {id(parameter): name for name, parameter in self._bound.named_parameters(remove_duplicate=False)}
        self._names = {name: [names[id(p)] for p in flat.parameters_in_order] for name, flat in flats.items()}
        for optimizer in self._optimizers.values():
            optimizer.bind(networks)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that an update changes, by name: the learner's own memory."""
        found: dict[str, Tensor] = {}
        for name, flat in self._flats.items():
            flat.gather()
            own = {"tensor": flat.tensor}
            if name in self._optimizers:
                own |= {part: flat.get_buffer(part) for part in ("first", "second", "steps")}
            found |= {f"{name}.{part}": tensor for part, tensor in own.items()}
        return found

    def adopt(self, tensors: Mapping[str, Tensor]) -> None:
        """Have the learner hold all this in other memory, of the same values."""
        for full, tensor in tensors.items():
            name, _, part = full.rpartition(".")
            if part == "tensor":
                self._flats[name].adopt(tensor)
            else:
                setattr(self._flats[name], part, tensor)

    def __call__(self, tensors: Mapping[str, Tensor], batch: Batch, drawn: Drawn) -> dict[str, Tensor]:
        """One update."""
        swapped = {f"modules_held.flats.{name}": tensor for name, tensor in tensors.items()}
        for name, flat in self._flats.items():
            swapped |= zip(self._names[name], flat.views(tensors[f"{name}.tensor"]), strict=True)
        losses: dict[str, Tensor] = functional_call(self._bound, swapped, (self._step, batch, drawn))
        return losses

    def compiled(self, batch: Batch, drawn: Drawn) -> CompiledUpdate:
        """The learner's step, compiled for batches of this shape.

        Raises:
            CannotCompileError: it cannot be.
        """
        names, keys = list(self.tensors()), list(drawn)
        losses: list[str] = []

        def rule(*arguments: Tensor) -> list[Tensor]:
            tensors = dict(zip(names, arguments, strict=False))
            rest = arguments[len(names) :]
            found = self(tensors, Batch(*rest[:5]), dict(zip(keys, rest[5:], strict=True)))
            losses[:] = found
            return list(found.values())

        self.functional(True)
        try:
            run = compile_function(rule, [*self.tensors().values(), *batch, *drawn.values()], lasting=len(names))
        finally:
            self.functional(False)
        return CompiledUpdate(run, losses, [tensor.shape for tensor in batch])

    def step(self, code: CompiledUpdate) -> Step:
        """The learner's step, by code that was compiled for it, or for a learner alike but for its numbers.

        Batches of other shapes go the ordinary way.
        """

        def step(batch: Batch, drawn: Drawn) -> dict[str, Tensor]:
            if [tensor.shape for tensor in batch] != code.shapes:
                return self._step(batch, drawn)
            values = code.run(*self.tensors().values(), *batch, *drawn.values())
            return dict(zip(code.losses, values, strict=True))

        return step

    def functional(self, whether: bool) -> None:
        """Have optimizers take gradients of functions of their tensors, or of their parameters."""
        for optimizer in self._optimizers.values():
            optimizer.functional = whether
