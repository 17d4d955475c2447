"""Our networks in other libraries' algorithms."""

from .actor_critic import SymmetricActorCriticPolicy
from .dqn import SymmetricDQNPolicy
from .stable_baselines3 import SymmetricSACPolicy
from .td3 import SymmetricTD3Policy

__all__ = ["SymmetricActorCriticPolicy", "SymmetricDQNPolicy", "SymmetricSACPolicy", "SymmetricTD3Policy"]
