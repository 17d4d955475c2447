"""A policy for single observations, where everything but arithmetic is what costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from nearsym.networks import Actor
from nearsym.networks.encoders.vector import IdentityTrunk
from nearsym.networks.linear import ExpandedLinear

from .adam import Bound
from .compiled import CannotCompileError, compile_function
from .flat import Flat

Policy = Callable[[Any, Tensor], Tensor]
"""From what an actor gives, and noise, to (batch, action_dim) actions."""


class ActingPolicy:
    """Actions of an actor, from weights that are expanded once after every change.

    Parameters are compared by value, all at once, so that no way of writing to them goes unnoticed. Actors of other
    layers, or with a trunk, are called as they are. Compiled, all of it is one call.

    Args:
        actor: the actor.
        policy: makes actions of what it gives.
        flat: its trained parameters; others may change all the same.
        beside: what it reads without containing it (`Reference`).
    """

    def __init__(
        self,
        actor: nn.Module,
        policy: Policy,
        flat: Flat,
        beside: nn.Module | None = None,
    ) -> None:
        self._actor, self._policy, self._flat = actor, policy, flat
        untrained = [parameter for parameter in actor.parameters() if not parameter.requires_grad]
        self._others = [*untrained, *([] if beside is None else beside.parameters())]
        self._networks = nn.ModuleDict({"actor": actor} if beside is None else {"actor": actor, "beside": beside})
        plain_vector = isinstance(actor, Actor) and isinstance(actor.trunk, IdentityTrunk)
        layers = [*actor.mlp.layers, *actor.mlp.heads] if isinstance(actor, Actor) else []
        self._layers = [layer for layer in layers if isinstance(layer, ExpandedLinear)]
        self._expands = plain_vector and len(self._layers) == len(layers)
        self._seen: Tensor | None = None
        self._expanded: dict[nn.Module, tuple[Tensor, Tensor]] = {}
        self._compiles: Callable[[str], None] | None = None
        self._compiled: Callable[..., Sequence[Tensor]] | None = None
        self._shape: torch.Size | None = None

    def compile(self, tell: Callable[[str], None]) -> None:
        """Have the first call compile it for inputs of its shape; `tell` is given the reason if that fails."""
        self._compiles = tell

    def share(self, other: ActingPolicy) -> None:
        """Use what was compiled for another policy of the same networks and other parameters."""
        self._compiled, self._shape = other._compiled, other._shape

    @torch.no_grad()
    def __call__(self, features: Tensor, noise: Tensor) -> Tensor:
        """(batch, action_dim) actions from (batch, …) features and (batch, action_dim) noise."""
        self._flat.gather()
        if self._compiles is not None:
            self._compile(features, noise, self._compiles)
        if self._compiled is not None and features.shape == self._shape:
            return self._compiled(self._flat.tensor, features, noise, *self._others)[0]
        return self._policy(self._from_expanded(features) if self._expands else self._actor(features), noise)

    def _from_expanded(self, features: Tensor) -> list[Tensor]:
        now = torch.cat([self._flat.tensor, *self._others]) if self._others else self._flat.tensor
        if self._seen is None or self._seen.device != now.device or not torch.equal(now, self._seen):
            self._seen = now.clone()
            self._expanded = {
                layer: (weight[0], bias[0]) for layer in self._layers for weight, bias in [layer.expand()]
            }

        def linear(layer: nn.Module, x: Tensor) -> Tensor:
            return nn.functional.linear(x, *self._expanded[layer])

        assert isinstance(self._actor, Actor)
        return self._actor.mlp.through(features, linear, lambda norm, x: norm(x))

    def _compile(self, features: Tensor, noise: Tensor, tell: Callable[[str], None]) -> None:
        self._compiles = None
        bound = Bound(self._networks)
        names = {id(parameter): name for name, parameter in bound.named_parameters()}
        own = [names[id(parameter)] for parameter in (*self._flat.parameters_in_order, *self._others)]

        def act(tensor: Tensor, features: Tensor, noise: Tensor, *others: Tensor) -> list[Tensor]:
            swapped = dict(zip(own, (*self._flat.views(tensor), *others), strict=True))
            return [self._policy(functional_call(bound, swapped, (self._actor, features)), noise)]

        try:  # nothing lasts of these: other seeds' policies share it, with their own parameters
            given = [self._flat.tensor, features, noise, *self._others]
            self._compiled, self._shape = compile_function(act, given), features.shape
        except CannotCompileError as error:
            tell(str(error))
