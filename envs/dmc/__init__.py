"""DeepMind Control tasks as gymnasium environments, with their symmetries and what a camera sees of them."""

from .adapter import DmControlEnv, import_suite, is_dm_control
from .domain import Domain
from .domains import DOMAINS
from .pixels import Pixels

__all__ = ["DOMAINS", "DmControlEnv", "Domain", "Pixels", "import_suite", "is_dm_control"]
