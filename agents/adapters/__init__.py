"""Our networks in other libraries' algorithms, our symmetries in their training, and their functions in our audits."""

from .augmentation import maps_of, rsl_rl
from .stable_baselines3 import SymmetricSACPolicy

__all__ = ["SymmetricSACPolicy", "maps_of", "rsl_rl"]
