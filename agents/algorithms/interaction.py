"""Acting, remembering and learning, step after step: what training is, for every algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from nearsym.envs import Step, rollout
from nearsym.envs.rollout import Bools
from nearsym.envs.vector import Vectorised

from .experience import Experience
from .learner import Learner


@dataclass(frozen=True)
class Progress:
    """One step of all environments, and the updates that followed it.

    Attributes:
        step: of the environments.
        losses: what the last of the updates returned; empty where none was due.
    """

    step: Step
    losses: dict[str, Tensor]


def interact(
    learner: Learner, envs: Vectorised, experience: Experience, memory: tuple[Any, Bools] | None = None
) -> Iterator[Progress]:
    """Let a learner act in environments and learn from what it meets, without end.

    Between two items everything stands still: environments, networks and replay belong to the same moment, which is
    when to evaluate, to save or to stop.

    Args:
        learner: acts, and is updated.
        envs: environments, see `nearsym.envs.vectorised`; each is reset first.
        experience: the learner's own, see `Learner.experience`.
        memory: what the learner remembers of episodes that go on, see `rollout`.
    """
    beginning = learner.beginning if learner.has_memory else None
    for step in rollout(envs, learner.explore, beginning, memory=memory):
        before = learner.steps
        learner.steps += envs.num_envs
        experience.add(step)
        learner.watch(experience, before)
        losses: dict[str, Tensor] = {}
        for batch in experience.due(before, learner.steps):
            losses = learner.update(batch)
        yield Progress(step, losses)
