"""DeepMind Control tasks, one file for each domain with its symmetry beside its observation layout."""

from . import (
    acrobot,
    ball_in_cup,
    cartpole,
    fish,
    humanoid,
    pendulum,
    point_mass,
    reacher,
    reacher_turning,
    swimmer,
    walker,
)
from .adapter import DmControlEnv
from .domain import Domain
from .pixels import Pixels

MODULES = (
    acrobot,
    ball_in_cup,
    cartpole,
    fish,
    humanoid,
    pendulum,
    point_mass,
    reacher,
    reacher_turning,
    swimmer,
    walker,
)
DOMAINS = {module.DOMAIN.name: module.DOMAIN for module in MODULES}

__all__ = ["DOMAINS", "DmControlEnv", "Domain", "Pixels"]
