"""Our networks in other libraries' algorithms."""

from .stable_baselines3 import SymmetricSACPolicy

__all__ = ["SymmetricSACPolicy"]
