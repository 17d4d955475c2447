"""Agents with approximately equivariant actors and critics, and the runs that train and evaluate them."""

from .adapters import SymmetricActorCriticPolicy, SymmetricDQNPolicy, SymmetricSACPolicy, SymmetricTD3Policy
from .agent import DQN, PPO, SAC, Agent, DrQv2, load

__all__ = [
    "DQN",
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
