"""From an observation to the vector that heads read: encoders that actor and critics share, and trunks of their own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Observation, Representation

from ..families import Family

FILTERS = 32
"""Planes of a feature map in DrQ-v2."""

FEATURES = 50
"""Length of the vector between feature map and heads in DrQ-v2."""


class Encoder(nn.Module, ABC):
    """What actor and critics share; the critics' loss alone trains it.

    Args:
        observation: what it reads.
        out: what it gives: a kind of observation again, which a trunk is chosen by.

    Attributes:
        observation: what it reads.
        out: what it gives.
        precision: of its products, float32 or less, where that is not its parameters'; encoders of images heed it.
    """

    precision: torch.dtype | None = None

    def __init__(self, observation: Observation, out: Observation) -> None:
        super().__init__()
        self.observation, self.out = observation, out

    @property
    def in_rep(self) -> Representation:
        """Representation on the flattened observation."""
        return self.observation.rep

    @property
    def out_rep(self) -> Representation:
        """Representation on the flattened output."""
        return self.out.rep

    @abstractmethod
    def forward(self, observation: Tensor) -> Tensor:
        """Features, for any leading batch shape."""


class Trunk(nn.Module, ABC):
    """From an encoder's output to a vector; actor and critics have one each, trained with their heads.

    Args:
        in_rep: representation on the flattened input.
        out_rep: representation on the vector.

    Attributes:
        in_rep: representation on the flattened input.
        out_rep: representation on the vector.
        head_gain: gain of the initial weights of heads behind it; see `bounds`.
    """

    head_gain: float | None = None

    def __init__(self, in_rep: Representation, out_rep: Representation) -> None:
        super().__init__()
        self.in_rep, self.out_rep = in_rep, out_rep

    @abstractmethod
    def forward(self, features: Tensor) -> Tensor:
        """(..., out_rep.dim), for any leading batch shape."""


EncoderMaker = Callable[[Any, Family, int], Encoder]
TrunkMaker = Callable[[Any, Family, int], Trunk]
_Encoder = TypeVar("_Encoder", bound=EncoderMaker)
_Trunk = TypeVar("_Trunk", bound=TrunkMaker)

ENCODERS: dict[type[Observation], EncoderMaker] = {}
"""What makes the encoder of a kind of observation, from (observation, family, filters)."""

TRUNKS: dict[type[Observation], TrunkMaker] = {}
"""What makes the trunk behind a kind of features, from (features, family, size)."""


def encodes(kind: type[Observation]) -> Callable[[_Encoder], _Encoder]:
    """A decorator: this makes the encoder of observations of a kind, and of kinds derived from it."""

    def register(make: _Encoder) -> _Encoder:
        ENCODERS[kind] = make
        return make

    return register


def follows(kind: type[Observation]) -> Callable[[_Trunk], _Trunk]:
    """A decorator: this makes the trunk behind features of a kind, and of kinds derived from it."""

    def register(make: _Trunk) -> _Trunk:
        TRUNKS[kind] = make
        return make

    return register


def encoder_for(observation: Observation, family: Family, *, filters: int = FILTERS) -> Encoder:
    """The encoder of an observation: convolutions of an image, the identity of everything else.

    Example:
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Relaxed, encoder_for
        >>> mirror = Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(9, 29, 29))
        >>> encoder = encoder_for(mirror.observation, Relaxed(), filters=8)
        >>> type(encoder).__name__, type(encoder.out).__name__
        ('ImageEncoder', 'FeatureMap')

    Args:
        observation: what is observed.
        family: which network.
        filters: planes of each feature map.

    Raises:
        InputError: the observation does not suit its encoder.
    """
    return _nearest(ENCODERS, observation)(observation, family, filters)


def trunk_for(encoder: Encoder, family: Family, size: int = FEATURES) -> Trunk:
    """A trunk behind an encoder, by what that gives.

    A feature map is squeezed to a short vector, windows among other parts are read by convolutions over time, and a
    vector is taken as it is.

    Example:
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Relaxed, encoder_for, trunk_for
        >>> mirror = Symmetry.reflection(observation=[-1, 1], action=[-1])
        >>> trunk = trunk_for(encoder_for(mirror.observation, Relaxed()), Relaxed())
        >>> trunk.out_rep == mirror.observation.rep
        True

    Args:
        encoder: what gives the features.
        family: which network.
        size: length of the vector that a feature map is squeezed to.

    Raises:
        InputError: the features do not suit their trunk.
    """
    return _nearest(TRUNKS, encoder.out)(encoder.out, family, size)


def refuse_matching(family: Family) -> None:
    """Refuse sizes that are to be matched to the plain network's.

    Raises:
        InputError: the family asks for it.
    """
    if family.match_parameters:
        raise InputError(
            "network.match_parameters=true sizes multilayer perceptrons alone, and images and windows of time are read "
            "by convolutions; leave it out and set network.width, network.window_channels, agent.filters or "
            "agent.features for each network"
        )


_Maker = TypeVar("_Maker")


def _nearest(makers: dict[type[Observation], _Maker], observation: Observation) -> _Maker:
    return next(makers[kind] for kind in type(observation).__mro__ if kind in makers)
