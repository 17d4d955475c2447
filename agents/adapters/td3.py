"""The symmetric deterministic actor and its critics as a stable-baselines3 policy."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.td3.policies import TD3Policy
from torch import Tensor

from nearsym.networks import DeterministicActor

from .stable_baselines3 import SymmetricCritic, WithCritics


class SymmetricDeterministicActor(BasePolicy):
    """`nearsym.networks.DeterministicActor` behind the interface stable-baselines3's TD3 expects of an actor."""

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Box,
        features_extractor: BaseFeaturesExtractor,
        network: DeterministicActor,
    ) -> None:
        super().__init__(observation_space, action_space, features_extractor=features_extractor, squash_output=True)
        self.network = network

    def set_training_mode(self, mode: bool) -> None:
        """Does nothing, see `SymmetricPolicy`."""

    def forward(self, obs: PyTorchObs) -> Tensor:
        """Actions in [-1, 1], (batch, action_dim)."""
        actions: Tensor = self.network(self.extract_features(obs, self.features_extractor))
        return actions

    def _predict(self, observation: PyTorchObs, deterministic: bool = False) -> Tensor:
        return self(observation)


class SymmetricTD3Policy(WithCritics, TD3Policy):  # type: ignore[misc]
    """An equivariant deterministic policy and invariant critics, for stock TD3 and DDPG.

        stable_baselines3.TD3(SymmetricTD3Policy, env, policy_kwargs=dict(symmetry=symmetry, network="exact"))

    Arguments and errors are those of `SymmetricPolicy`; `n_critics` is the size of the critic ensemble. Noise to
    explore with is the algorithm's own (`action_noise`); of one size for all actions it is equivariant.
    """

    actor: SymmetricDeterministicActor  # type: ignore[assignment]
    actor_target: SymmetricDeterministicActor  # type: ignore[assignment]
    critic: SymmetricCritic  # type: ignore[assignment]
    critic_target: SymmetricCritic  # type: ignore[assignment]

    def make_actor(  # type: ignore[override]
        self, features_extractor: BaseFeaturesExtractor | None = None
    ) -> SymmetricDeterministicActor:
        """A new actor."""
        network = DeterministicActor(self.trunk(self.network), self.symmetry.action, self.network)
        extractor = self.extractor(features_extractor)
        return SymmetricDeterministicActor(self.observation_space, self.action_space, extractor, network).to(
            self.device
        )
