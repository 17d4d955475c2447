"""Our networks in other libraries' algorithms, our symmetries in their training, and their functions in our audits."""

from .actor_critic import SymmetricActorCriticPolicy
from .augmentation import maps_of, rsl_rl
from .dqn import SymmetricDQNPolicy
from .stable_baselines3 import SymmetricSACPolicy
from .td3 import SymmetricTD3Policy

__all__ = [
    "SymmetricActorCriticPolicy",
    "SymmetricDQNPolicy",
    "SymmetricSACPolicy",
    "SymmetricTD3Policy",
    "maps_of",
    "rsl_rl",
]
