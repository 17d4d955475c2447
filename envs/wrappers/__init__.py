"""Wrappers that any environment can be put into: a symmetry, seeds, stacked frames, a guard, a limit, repeats."""

from .declare import Declared, declare, symmetry_of
from .episodes import EpisodeSeeds, seeded
from .frames import FrameStack, is_image
from .guard import Guard
from .limit import EpisodeLimit
from .mujoco_state import MujocoState, with_state
from .normalise import SymmetricNormalise
from .repeat import ActionRepeat, repeated

__all__ = [
    "ActionRepeat",
    "Declared",
    "EpisodeLimit",
    "EpisodeSeeds",
    "FrameStack",
    "Guard",
    "MujocoState",
    "SymmetricNormalise",
    "declare",
    "is_image",
    "repeated",
    "seeded",
    "symmetry_of",
    "with_state",
]
