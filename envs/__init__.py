"""Environments, their symmetries, perturbations, audits and wrappers (gymnasium; never torch)."""

from .auditing import AuditReport, audit
from .build import build
from .family import Entry, Family
from .noise_level import NoiseLevel
from .objects import load_object, load_symmetry
from .registry import catalogue, family_of, make, short_name
from .rollout import Episode, Step, episodes, rollout
from .symmetry import Symmetry
from .vector import vectorised
from .wrappers import EpisodeLimit, EpisodeSeeds, FrameStack, Guard, declare, is_image, symmetry_of

__all__ = [
    "AuditReport",
    "Entry",
    "Episode",
    "EpisodeLimit",
    "EpisodeSeeds",
    "Family",
    "FrameStack",
    "Guard",
    "NoiseLevel",
    "Step",
    "Symmetry",
    "audit",
    "build",
    "catalogue",
    "declare",
    "episodes",
    "family_of",
    "is_image",
    "load_object",
    "load_symmetry",
    "make",
    "rollout",
    "short_name",
    "symmetry_of",
    "vectorised",
]
