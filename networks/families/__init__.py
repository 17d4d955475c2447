"""Network families: how a network uses a symmetry, one file each.

A family is a frozen dataclass of its own settings, registered under a name, that makes the layers. To add one, write a
file here (every module of this package is imported and so registered) and ``configs/network/<name>.yaml``, which holds
``family: <name>``::

    @register
    @dataclass(frozen=True, kw_only=True)
    class Gated(Family):
        family: str = "gated"
        sharpness: float = 1.0

        def linear(self, in_rep, out_rep, in_channels=1, out_channels=1, *, relax="input", grid=None, members=1,
                   gain=None): ...
"""

import pkgutil
from importlib import import_module

from .augmented import Augmented
from .base import RATE, Family
from .exact import Exact
from .plain import Plain, PlainLinear
from .registry import (
    FAMILIES,
    architectures,
    family,
    family_class,
    family_from,
    family_of_critics,
    keys_of,
    register,
    unknown_key,
)
from .relaxed import Relaxed
from .rpp import RPP, ResidualLinear
from .version_0_1 import RENAMED

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = [
    "FAMILIES",
    "RATE",
    "RENAMED",
    "RPP",
    "Augmented",
    "Exact",
    "Family",
    "Plain",
    "PlainLinear",
    "Relaxed",
    "ResidualLinear",
    "architectures",
    "family",
    "family_class",
    "family_from",
    "family_of_critics",
    "keys_of",
    "register",
    "unknown_key",
]
