"""An actor for single observations, where everything but arithmetic is what costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from nearsym.networks import Actor, DeterministicActor
from nearsym.networks.encoders.vector import IdentityTrunk
from nearsym.networks.linear import ExpandedLinear

from .adam import Bound
from .compiled import CannotCompileError, compile_function
from .flat import Flat


class ActingActor:
    """What an actor gives, to the bit, from weights that are expanded once after every change.

    Parameters are compared by value, all at once, so that no way of writing to them goes unnoticed. Where gradients
    are asked for, and for actors of other layers or with a trunk, it is the actor itself. Compiled, it is one call.

    Args:
        actor: the actor.
        flat: its trained parameters.
    """

    def __init__(self, actor: Actor | DeterministicActor, flat: Flat) -> None:
        self._actor, self._flat = actor, flat
        layers = [*actor.mlp.layers, *actor.mlp.heads]
        plain_vector = isinstance(actor, Actor) and isinstance(actor.trunk, IdentityTrunk)
        self._layers = [layer for layer in layers if isinstance(layer, ExpandedLinear)]
        self._expands = plain_vector and len(self._layers) == len(layers)
        self._seen: Tensor | None = None
        self._expanded: list[tuple[Tensor, Tensor]] = []
        self._compiles: Callable[[str], None] | None = None
        self._compiled: Callable[..., Sequence[Tensor]] | None = None
        self._shape: torch.Size | None = None

    def compile(self, tell: Callable[[str], None]) -> None:
        """Have the first call compile the actor for inputs of its shape; `tell` is given the reason if it fails."""
        self._compiles = tell

    def __call__(self, features: Tensor) -> Any:
        """What the actor gives for (batch, …) features."""
        if torch.is_grad_enabled():
            return self._actor(features)
        if self._compiles is not None:
            self._compile(features, self._compiles)
        if self._compiled is not None and features.shape == self._shape:
            self._flat.gather()
            found = self._compiled(self._flat.tensor, features)
            return found[0] if len(found) == 1 else tuple(found)
        return self._from_expanded(features) if self._expands else self._actor(features)

    def _from_expanded(self, features: Tensor) -> list[Tensor]:
        self._flat.gather()
        now = self._flat.tensor
        if self._seen is None or self._seen.device != now.device or not torch.equal(now, self._seen):
            self._seen = now.clone()
            self._expanded = [(weight[0], bias[0]) for weight, bias in (layer.expand() for layer in self._layers)]
        depth = len(self._actor.mlp.layers)
        for weight, bias in self._expanded[:depth]:
            features = torch.relu(nn.functional.linear(features, weight, bias))
        return [nn.functional.linear(features, weight, bias) for weight, bias in self._expanded[depth:]]

    def _compile(self, features: Tensor, tell: Callable[[str], None]) -> None:
        self._compiles = None
        bound = Bound(nn.ModuleDict({"actor": self._actor}))
        names = {id(parameter): name for name, parameter in bound.named_parameters()}
        own = [names[id(parameter)] for parameter in self._flat.parameters_in_order]

        def act(tensor: Tensor, features: Tensor) -> Sequence[Tensor]:
            given = functional_call(
                bound, dict(zip(own, self._flat.views(tensor), strict=True)), (self._actor, features)
            )
            return [given] if isinstance(given, Tensor) else list(given)

        self._flat.gather()
        try:
            self._compiled, self._shape = compile_function(act, [self._flat.tensor, features]), features.shape
        except CannotCompileError as error:
            tell(str(error))
