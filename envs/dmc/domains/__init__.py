"""Domains of dm_control's suite, one file each: its tasks with their symmetries, beside the layout of observations."""

from importlib import import_module
from pkgutil import iter_modules

from nearsym.envs.dmc.domain import Domain

_MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]

DOMAINS: dict[str, Domain] = {module.DOMAIN.name: module.DOMAIN for module in _MODULES}

__all__ = ["DOMAINS"]
