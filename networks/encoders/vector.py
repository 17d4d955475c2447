"""Vectors are read as they are."""

from __future__ import annotations

from torch import Tensor

from nearsym.envs.symmetry import Observation, Representation

from ..families import Family
from .encoder import Encoder, Trunk, encodes, follows


class IdentityEncoder(Encoder):
    """The encoder of an observation that actor and critics read each by itself.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation, Vector
        >>> from nearsym.networks.encoders import IdentityEncoder
        >>> encoder = IdentityEncoder(Vector(Representation.trivial(Group.cyclic(2), 3)))
        >>> encoder(torch.tensor([1.0, 2.0, 3.0]))
        tensor([1., 2., 3.])

    Args:
        observation: what it reads and gives.

    Shapes: anything to the same.
    """

    def __init__(self, observation: Observation) -> None:
        super().__init__(observation, observation)

    def forward(self, observation: Tensor) -> Tensor:
        """The observation."""
        return observation


class IdentityTrunk(Trunk):
    """The trunk of a vector.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks.encoders import IdentityTrunk
        >>> trunk = IdentityTrunk(Representation.trivial(Group.cyclic(2), 3))
        >>> trunk(torch.tensor([1.0, 2.0, 3.0]))
        tensor([1., 2., 3.])

    Args:
        rep: representation on the vector.

    Shapes: (..., rep.dim) to the same.
    """

    def __init__(self, rep: Representation) -> None:
        super().__init__(rep, rep)

    def forward(self, features: Tensor) -> Tensor:
        """The vector."""
        return features


def trunk_before(inputs: Trunk | Representation) -> Trunk:
    """The trunk of a head: itself, or the identity where only a representation is given."""
    return IdentityTrunk(inputs) if isinstance(inputs, Representation) else inputs


@encodes(Observation)
def _encoder(observation: Observation, family: Family, filters: int) -> IdentityEncoder:
    return IdentityEncoder(observation)


@follows(Observation)
def _trunk(features: Observation, family: Family, size: int) -> IdentityTrunk:
    return IdentityTrunk(features.rep)
