"""Environments, their symmetries, perturbations and wrappers (gymnasium; never torch)."""

from .declare import declare, symmetry_of
from .episodes import EpisodeSeeds
from .guard import FiniteGuard
from .registry import Entry, catalogue, load_object, make

__all__ = [
    "Entry",
    "EpisodeSeeds",
    "FiniteGuard",
    "catalogue",
    "declare",
    "load_object",
    "make",
    "symmetry_of",
]
