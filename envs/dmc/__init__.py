"""DeepMind Control tasks, one file for each domain with its symmetry beside its observation layout."""

from . import acrobot, ball_in_cup, cartpole, fish, humanoid, pendulum, point_mass, reacher, swimmer, walker
from .adapter import DmControlEnv
from .domain import Domain

DOMAINS = {
    module.DOMAIN.name: module.DOMAIN
    for module in (acrobot, ball_in_cup, cartpole, fish, humanoid, pendulum, point_mass, reacher, swimmer, walker)
}

__all__ = ["DOMAINS", "DmControlEnv", "Domain"]
