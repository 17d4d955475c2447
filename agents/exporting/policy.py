"""A learner's deterministic policy as a module of its own."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from nearsym.agents.algorithms import Learner

from .written_out import written_out


class ExportedPolicy(nn.Module):
    """From raw observations to the environment's actions: normalisation, networks, squashing, and the box of actions.

    Shapes: (batch, *observation shape), float32, or uint8 for images, to (batch, *action shape); of discrete actions
    (batch,), whole numbers.

    Args:
        learner: what has learned; it stays as it is.
    """

    def __init__(self, learner: Learner) -> None:
        super().__init__()
        self._learner = copy.copy(learner)
        for name, network in learner.networks().items():
            if hasattr(learner, name) and name != "critic":
                plain = written_out(network)
                setattr(self._learner, name, plain)
                self.add_module(name, plain)

    def forward(self, observation: Tensor) -> Tensor:
        """The actions."""
        return self._learner.best_action(observation.flatten(1))


def example(learner: Learner, batch: int = 2) -> Tensor:
    """(batch, …) an observation such as the policy takes."""
    shape, dtype = learner.problem.observation_space.shape, torch.float32
    if learner.problem.is_image:
        dtype = torch.uint8
    return torch.zeros((batch, *shape), dtype=dtype)
