"""What a family learns from transitions, beside actor and critics and without their gradients."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


class Transitions(Protocol):
    """A batch of replayed transitions: flat observations and next observations, actions in [-1, 1], rewards."""

    @property
    def observations(self) -> Tensor:
        """(batch, observation_dim)."""

    @property
    def actions(self) -> Tensor:
        """(batch, action_dim)."""

    @property
    def rewards(self) -> Tensor:
        """(batch,)."""

    @property
    def next_observations(self) -> Tensor:
        """(batch, observation_dim)."""


class Auxiliary(nn.Module, ABC):
    """Networks with a loss of their own, trained on every batch that actor and critics learn from.

    `loss` may be compiled: it is a function of tensors, and changes nothing. What is counted from update to update is
    held in parameters that are not trained, which `observe` changes. Actor and critics may read both; they hold it as
    `Reference`, so that it is no part of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.seen: tuple[Tensor, Tensor] | None = None

    def look(self, observations: Tensor, actions: Tensor) -> None:
        """Remember where `Family.readings` are to be taken."""
        self.seen = observations, actions

    def observe(self, batch: Transitions) -> None:
        """Take a batch into statistics, before an update learns from it."""
        self.look(batch.observations.float(), batch.actions)

    @abstractmethod
    def loss(self, batch: Transitions) -> Tensor:
        """A scalar to be minimised."""


class Reference(Generic[Module]):
    """A module that others read and do not contain: it is not in their parameters, their states or their copies."""

    def __init__(self, module: Module) -> None:
        self.module = module

    def __deepcopy__(self, memo: object) -> Reference[Module]:
        return Reference(self.module)


class RunningScale(nn.Module):
    """The root mean square of every coordinate over all batches; of the last thousand once there are more.

    Example:
        >>> import torch
        >>> from nearsym.networks.auxiliary import RunningScale
        >>> scale = RunningScale(2)
        >>> scale.observe(torch.tensor([[3.0, 0.5], [-3.0, 0.5]]))
        >>> scale(torch.tensor([[6.0, 1.0]])).round(decimals=3)
        tensor([[2., 2.]])

    Args:
        dim: of rows.

    Shapes: (batch, dim) to the same, divided by the scale.
    """

    LONGEST = 1000

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.square = nn.Parameter(torch.ones(dim), requires_grad=False)
        self.count = nn.Parameter(torch.zeros(1), requires_grad=False)

    @torch.no_grad()
    def observe(self, x: Tensor) -> None:
        """Take in a batch."""
        self.count.add_(1)
        self.square.add_((x.square().mean(dim=0) - self.square) / self.count.clamp(max=self.LONGEST))

    def forward(self, x: Tensor) -> Tensor:
        """In units of the scale."""
        return x / (self.square.sqrt() + 1e-6)
