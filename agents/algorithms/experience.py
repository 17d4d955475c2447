"""What an algorithm learns from: steps go in, batches come out when an update is due."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nearsym.envs import Step
from nearsym.envs.auditing import Transitions
from nearsym.envs.errors import InputError

Arrays = dict[str, NDArray[Any]]


class Batch(NamedTuple):
    """Transitions over m steps; m is n of the n-step returns, or less where an episode ends before.

    Attributes:
        observations: (batch, …).
        actions: (batch, action_dim), in [-1, 1].
        rewards: Σ_{k<m} γ^k r_k, (batch,).
        next_observations: m steps later, (batch, …).
        discounts: γ^m, or 0 where the episode terminated, (batch,).
    """

    observations: Tensor
    actions: Tensor
    rewards: Tensor
    next_observations: Tensor
    discounts: Tensor


class Experience(ABC):
    """A store of steps."""

    @abstractmethod
    def add(self, step: Step) -> None:
        """Take one step of all environments."""

    @abstractmethod
    def due(self, before: int, after: int) -> Iterator[Any]:
        """Batches of the updates that are due when the environments have gone from `before` to `after` steps.

        They are what the learner's `update` takes: a `Batch` where transitions are replayed.
        """

    @abstractmethod
    def states(self, count: int, generator: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """`count` stored observations, flattened, and the actions taken there; none where nothing is stored."""

    def transitions(self, count: int, generator: np.random.Generator) -> Transitions:
        """`count` stored transitions of one step, or as many as there are; actions are in [-1, 1].

        Raises:
            InputError: no such things are stored.
        """
        raise InputError(f"{type(self).__name__} stores no transitions of vectors")

    @abstractmethod
    def arrays(self) -> Arrays:
        """What is stored, for a checkpoint."""

    @abstractmethod
    def restore(self, arrays: Arrays) -> None:
        """Put back what `arrays` gave.

        Raises:
            InputError: it belongs to another store.
        """
