"""What every algorithm of this package offers to training, checkpoints, evaluation and diagnostics."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import torch
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.policies import BasePolicy
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation, Symmetry
from nearsym.networks import Family

from .parameter_groups import apply_rates
from .symmetry_augmentation import Batch, SymmetryAugmentation


class SymmetricPolicy(BasePolicy):
    """A policy whose networks use a symmetry.

    Attributes:
        symmetry: on flattened observations; of the trivial group when none was declared.
        network: the networks' settings.
        measured_states: replayed states on which equivariance errors are measured.
    """

    symmetry: Symmetry
    network: Family
    measured_states: ClassVar[int] = 256

    @property
    def observation_rep(self) -> Representation:
        """Representation on the flattened observation."""
        return self.symmetry.observation.rep

    @abstractmethod
    def parts(self) -> dict[str, nn.Module]:
        """The trained networks by name."""

    @abstractmethod
    def fresh_parts(self, network: Family) -> dict[str, nn.Module]:
        """Networks like `parts` under other settings, newly initialised."""

    @abstractmethod
    def mean_action(self, observations: Tensor) -> Tensor:
        """The deterministic policy in [-1, 1], (batch, action_dim), from flattened observations."""

    @abstractmethod
    def action_values(self, observations: Tensor, actions: Tensor) -> Tensor:
        """All critics, (members, batch), from flattened observations and actions in [-1, 1]."""


class Agent(OffPolicyAlgorithm):
    """An off-policy algorithm that can be saved and measured."""

    policy: SymmetricPolicy
    _augmentation: SymmetryAugmentation | None = None

    @abstractmethod
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Every optimizer, by name."""

    def augmented(self, batch: Batch) -> Batch:
        """A replayed batch as it is, or with ``network.augment`` each transition moved by a random group element."""
        if not self.policy.network.augment:
            return batch
        if self._augmentation is None:
            self._augmentation = SymmetryAugmentation(self.policy.symmetry, self.device, self.seed or 0)
        return self._augmentation(batch)

    def _update_learning_rate(self, optimizers: list[torch.optim.Optimizer] | torch.optim.Optimizer) -> None:
        super()._update_learning_rate(optimizers)
        apply_rates(optimizers if isinstance(optimizers, list) else [optimizers])

    def learned(self) -> dict[str, Tensor]:
        """Tensors learned outside the policy, by name."""
        return {}
