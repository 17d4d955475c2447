"""Encoders: how a network reads an observation, one file each.

An observation is first read by an encoder, which actor and critics share, and then by a trunk, of which each has one.
To add one, write a file here that registers it by the kind of observation it is for; every module of this package is
imported::

    @encodes(Sound)
    class SoundEncoder(Encoder): ...  # (observation, family, filters)

    @follows(Spectrogram)
    class SoundTrunk(Trunk): ...  # (features, family, size)
"""

import pkgutil
from importlib import import_module

from .encoder import Encoder, Trunk, encoder_for, encodes, follows, trunk_for
from .image import FeatureMap, ImageEncoder, ImageTrunk
from .vector import IdentityEncoder, IdentityTrunk, trunk_before
from .window import WindowTrunk

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = [
    "Encoder",
    "FeatureMap",
    "IdentityEncoder",
    "IdentityTrunk",
    "ImageEncoder",
    "ImageTrunk",
    "Trunk",
    "WindowTrunk",
    "encoder_for",
    "encodes",
    "follows",
    "trunk_before",
    "trunk_for",
]
