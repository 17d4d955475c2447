"""Wrappers that any environment can be put into: a symmetry, seeds, stacked frames, a guard, repeated actions."""

from .declare import Declared, declare, symmetry_of
from .episodes import EpisodeSeeds, seeded
from .frames import FrameStack, is_image
from .guard import FiniteGuard
from .repeat import ActionRepeat, repeated

__all__ = [
    "ActionRepeat",
    "Declared",
    "EpisodeSeeds",
    "FiniteGuard",
    "FrameStack",
    "declare",
    "is_image",
    "repeated",
    "seeded",
    "symmetry_of",
]
