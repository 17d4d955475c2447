"""Symmetric Q-values of discrete actions as a stable-baselines3 policy."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.dqn.policies import DQNPolicy
from torch import Tensor

from nearsym.networks import Head

from .symmetric import SymmetricPolicy


class SymmetricQNetwork(BasePolicy):
    """`nearsym.networks.Head` behind the interface stable-baselines3's DQN expects of its Q-network."""

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Discrete,
        features_extractor: BaseFeaturesExtractor,
        network: Head,
    ) -> None:
        super().__init__(observation_space, action_space, features_extractor=features_extractor)
        self.network = network

    def set_training_mode(self, mode: bool) -> None:
        """Does nothing, see `SymmetricPolicy`."""

    def forward(self, obs: PyTorchObs) -> Tensor:
        """Values of all actions, (batch, actions)."""
        values: Tensor = self.network(self.extract_features(obs, self.features_extractor))
        return values

    def _predict(self, observation: PyTorchObs, deterministic: bool = True) -> Tensor:
        return self(observation).argmax(dim=1).reshape(-1)


class SymmetricDQNPolicy(SymmetricPolicy, DQNPolicy):
    """Q(gs, ga) = Q(s, a), for stock DQN: values of discrete actions are exchanged as the group exchanges these.

        stable_baselines3.DQN(SymmetricDQNPolicy, env, policy_kwargs=dict(symmetry=symmetry, network="exact"))

    Arguments and errors are those of `SymmetricPolicy`.
    """

    action_space: spaces.Discrete
    q_net: SymmetricQNetwork  # type: ignore[assignment]
    q_net_target: SymmetricQNetwork  # type: ignore[assignment]

    def make_q_net(self) -> SymmetricQNetwork:  # type: ignore[override]
        """A new Q-network."""
        network = self.head(self.symmetry.action)
        return SymmetricQNetwork(self.observation_space, self.action_space, self.extractor(), network).to(self.device)
