"""Environments, their symmetries, perturbations, audits and wrappers (gymnasium; never torch)."""

from .auditing import AuditReport, audit
from .registry import Entry, catalogue, load_object, make
from .rollout import Episode, Step, episodes, rollout, vectorised
from .symmetry import Symmetry
from .wrappers import EpisodeSeeds, FiniteGuard, FrameStack, declare, is_image, symmetry_of

__all__ = [
    "AuditReport",
    "Entry",
    "Episode",
    "EpisodeSeeds",
    "FiniteGuard",
    "FrameStack",
    "Step",
    "Symmetry",
    "audit",
    "catalogue",
    "declare",
    "episodes",
    "is_image",
    "load_object",
    "make",
    "rollout",
    "symmetry_of",
    "vectorised",
]
