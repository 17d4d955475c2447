"""Plain networks whose data have the whole symmetry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .augmented import Augmented
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Orbits(Augmented):
    """A plain network that learns from transitions moved by all elements of the group; keys are those of `Family`.

    An update costs as much as |G| of them, and its losses are means over whole orbits. Of one random element for each
    transition, which is `augmented`, they are an estimate.
    """

    whole_orbits: ClassVar[bool] = True

    family: str = "orbits"
