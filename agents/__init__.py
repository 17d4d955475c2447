"""Agents with approximately equivariant actors and critics, and the runs that train and evaluate them."""

from .drqsac import DrQSAC
from .drqsac_policy import DrQSACPolicy
from .drqv2 import DrQv2
from .drqv2_policy import DrQv2Policy
from .policy import SymmetricSACPolicy
from .sac import SAC

__all__ = ["SAC", "DrQSAC", "DrQSACPolicy", "DrQv2", "DrQv2Policy", "SymmetricSACPolicy"]
