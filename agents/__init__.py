"""Agents with approximately equivariant actors and critics, and the runs that train and evaluate them."""

from .adapters import SymmetricActorCriticPolicy, SymmetricDQNPolicy, SymmetricSACPolicy, SymmetricTD3Policy
from .agent import PPO, SAC, Agent, DrQv2, load

__all__ = [
    "PPO",
    "SAC",
    "Agent",
    "DrQv2",
    "SymmetricActorCriticPolicy",
    "SymmetricDQNPolicy",
    "SymmetricSACPolicy",
    "SymmetricTD3Policy",
    "load",
]
