"""Audits of what a learner experiences, for families that are bound to what holds there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nearsym.envs.auditing import cost_of_tying
from nearsym.envs.auditing.tying import LARGEST
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import largest_subgroup

from .experience import Experience

if TYPE_CHECKING:
    from .actor_critic import ActorCritic


class Watched(NamedTuple):
    """What an audit of a learner's experience found, and what was made of it; (rows,) for each known element.

    Attributes:
        cost: of believing it, see `nearsym.envs.auditing.Tying`.
        doubt: standard error of the cost.
        about: of what.
        kept: whether networks are bound to it from now on.
    """

    cost: NDArray[np.float64]
    doubt: NDArray[np.float64]
    about: NDArray[np.intp]
    kept: NDArray[np.bool_]


class Watching:
    """Audits a learner's experience when its families ask for it (`Family.audits`), and has them keep what holds.

    Args:
        learner: whose experience it is.
        built: everything that families have built for it, by the name of the network whose family it was.
        seed: of the audits; what is drawn follows from it and the step, so that nothing else is changed.

    Attributes:
        found: what was found, with the step after which.

    Raises:
        InputError: a family asks, and what the learner observes cannot be audited so.
    """

    def __init__(self, learner: ActorCritic, built: Sequence[tuple[str, nn.Module]], seed: int) -> None:
        self._learner, self._seed = learner, seed
        families = [(learner.family_of(name), module) for name, module in built]
        self._bound = [(family, module) for family, module in families if family.kept(module)]
        self.found: list[tuple[int, Watched]] = []
        if self._bound:
            _check(learner, self._bound[0][0].name)

    def after(self, experience: Experience, before: int) -> None:
        """Audit where that is due after the steps since `before`."""
        if not self._bound:
            return
        steps, symmetry = self._learner.steps, self._learner.problem.symmetry
        family, module = self._bound[0]
        audits = family.audits
        assert audits is not None  # of families that keep something
        kept = family.kept(module)[0].detach().cpu().numpy() > 0
        asked = [g for g in np.flatnonzero(kept) if g or not symmetry.group.listed]
        if before // audits.every == steps // audits.every or not asked:
            return
        generator = np.random.default_rng([self._seed, steps])
        transitions = experience.transitions(audits.transitions, generator)
        found = cost_of_tying(symmetry, transitions, generator, asked)
        if found is None:
            return
        holds = found.holds(audits.tolerated) & kept
        left = largest_subgroup(symmetry.group, holds, found.cost) if symmetry.group.listed else holds
        if (left != kept).any():
            for family, module in self._bound:
                family.keep(module, torch.as_tensor(left))
        self.found.append((steps, Watched(found.cost, found.doubt, found.about, left)))

    def state(self) -> list[dict[str, Any]]:
        """What was found, for a checkpoint."""
        return [
            {"step": step, **{name: torch.as_tensor(value) for name, value in found._asdict().items()}}
            for step, found in self.found
        ]

    def restore(self, saved: Sequence[Mapping[str, Any]]) -> None:
        """Put back what `state` gave."""
        self.found = [(int(each["step"]), Watched(*(each[name].numpy() for name in Watched._fields))) for each in saved]


def _check(learner: ActorCritic, name: str) -> None:
    problem = learner.problem
    if problem.is_image:
        raise InputError(f"network={name} audits transitions of vectors, and images are observed; use network=relaxed")
    numbers = problem.observation.rep.dim + problem.symmetry.action.dim
    if numbers > LARGEST:
        raise InputError(
            f"network={name} audits transitions by their neighbours, which are too far apart where observation and "
            f"action have {numbers} numbers, more than {LARGEST}; use network=relaxed"
        )
