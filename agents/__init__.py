"""Agents with approximately equivariant actors and critics, and the runs that train and evaluate them."""

from .drqv2 import DrQv2
from .drqv2_policy import DrQv2Policy
from .policy import SymmetricSACPolicy
from .sac import SAC

__all__ = ["SAC", "DrQv2", "DrQv2Policy", "SymmetricSACPolicy"]
