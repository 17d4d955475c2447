"""N environments stepped together: one after the other, or each in a process of its own."""

from .in_turn import InTurn, vectorised
from .vectorised import Vectorised

__all__ = ["InTurn", "Vectorised", "vectorised"]
