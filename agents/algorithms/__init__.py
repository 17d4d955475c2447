"""Algorithms: how networks act, and what one update of them is.

Every module of this package is imported, so that an algorithm is one new file: a subclass of `Learner` with its
settings.
"""

from importlib import import_module
from pkgutil import iter_modules

from .learner import LEARNERS, Learner

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["LEARNERS", "Learner"]
