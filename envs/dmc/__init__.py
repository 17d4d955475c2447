"""DeepMind Control tasks, one file for each domain with its symmetry beside its observation layout."""

from . import acrobot, ball_in_cup, cartpole, pendulum, point_mass, reacher, swimmer
from .adapter import DmControlEnv
from .domain import Domain

DOMAINS = {
    module.DOMAIN.name: module.DOMAIN
    for module in (acrobot, ball_in_cup, cartpole, pendulum, point_mass, reacher, swimmer)
}

__all__ = ["DOMAINS", "DmControlEnv", "Domain"]
