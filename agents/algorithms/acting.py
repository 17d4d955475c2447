"""An actor for single observations, where everything but arithmetic is what costs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from nearsym.networks import Actor, DeterministicActor
from nearsym.networks.encoders.vector import IdentityTrunk
from nearsym.networks.linear import ExpandedLinear


class ActingActor:
    """What an actor gives, to the bit, from weights that are expanded once after every change.

    Parameters are compared by value, all at once, so that no way of writing to them goes unnoticed. Where gradients
    are asked for, and for actors of other layers or with a trunk, it is the actor itself.

    Args:
        actor: the actor.
    """

    def __init__(self, actor: Actor | DeterministicActor) -> None:
        self._actor = actor
        layers = [*actor.mlp.layers, *actor.mlp.heads]
        plain_vector = isinstance(actor, Actor) and isinstance(actor.trunk, IdentityTrunk)
        self._layers = [layer for layer in layers if isinstance(layer, ExpandedLinear)]
        self._expands = plain_vector and len(self._layers) == len(layers)
        self._parameters = list(actor.parameters())
        self._seen: Tensor | None = None
        self._expanded: list[tuple[Tensor, Tensor]] = []

    def __call__(self, features: Tensor) -> Any:
        """What the actor gives for (batch, dim) features."""
        if not self._expands or torch.is_grad_enabled():
            return self._actor(features)
        now = torch.cat([parameter.reshape(-1) for parameter in self._parameters])
        if self._seen is None or self._seen.device != now.device or not torch.equal(now, self._seen):
            self._seen = now
            self._expanded = [(weight[0], bias[0]) for weight, bias in (layer.expand() for layer in self._layers)]
        depth = len(self._actor.mlp.layers)
        for weight, bias in self._expanded[:depth]:
            features = torch.relu(nn.functional.linear(features, weight, bias))
        return [nn.functional.linear(features, weight, bias) for weight, bias in self._expanded[depth:]]
