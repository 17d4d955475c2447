"""N environments stepped together: one after the other, or each in a process of its own."""

from .in_processes import InProcesses, NoWorker, RemoteEpisodeSeeds
from .in_turn import InTurn, vectorised
from .vectorised import Vectorised
from .worthwhile import worthwhile

__all__ = [
    "InProcesses",
    "InTurn",
    "NoWorker",
    "RemoteEpisodeSeeds",
    "Vectorised",
    "vectorised",
    "worthwhile",
]
