"""Environments, their symmetries, perturbations, audits and wrappers (gymnasium; never torch)."""

from .auditing import AuditReport, audit
from .declare import declare, symmetry_of
from .episodes import EpisodeSeeds
from .frames import FrameStack, is_image
from .guard import FiniteGuard
from .registry import Entry, catalogue, load_object, make
from .rollout import Episode, Step, episodes, rollout, vectorised
from .symmetry import Symmetry

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
