"""Agents with approximately equivariant actors and critics, and the runs that train and evaluate them."""

from .policy import SymmetricSACPolicy
from .sac import SAC

__all__ = ["SAC", "SymmetricSACPolicy"]
