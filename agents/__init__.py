"""Agents with approximately equivariant actors and critics, and the runs that train and evaluate them."""

from .adapters import SymmetricSACPolicy
from .agent import SAC, Agent, DrQv2, load

__all__ = ["SAC", "Agent", "DrQv2", "SymmetricSACPolicy", "load"]
