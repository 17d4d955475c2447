"""Whether a run compiles its updates, and what is said of it."""

from __future__ import annotations

from nearsym.agents.algorithms.settings import OffPolicySettings

from .settings import TrainSettings

WORTH_COMPILING = 5000
"""Updates from which compiling pays: it takes about 20 seconds, and saves 2 to 10 milliseconds an update."""

COMPILES = "compiles its updates first (up to half a minute, remembered for the next time)"
NOT_COMPILED = "goes on without compiling: {}"


def compiles(settings: TrainSettings) -> bool:
    """Whether updates are compiled: where that is asked for, or pays by the length of the whole run.

    Not of what is left of it: a run that goes on does as it did.
    """
    agent, asked = settings.agent, settings.compile.lower()
    if asked != "auto" or not isinstance(agent, OffPolicySettings):
        return asked == "true"
    updates = (settings.total_steps - agent.learning_starts) / agent.train_every * agent.gradient_steps
    return updates >= WORTH_COMPILING
