"""The symmetric actor-critic as a stable-baselines3 policy."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BaseModel, BasePolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.type_aliases import PyTorchObs
from stable_baselines3.sac.policies import LOG_STD_MAX, LOG_STD_MIN, SACPolicy
from torch import Tensor

from nearsym.agents.algorithms import squashed_gaussian
from nearsym.networks import Actor, Critic, family_of_critics

from .symmetric import SymmetricPolicy


class SymmetricActor(BasePolicy):
    """`nearsym.networks.Actor` behind the interface stable-baselines3's SAC expects of an actor."""

    action_space: spaces.Box

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Box,
        features_extractor: BaseFeaturesExtractor,
        network: Actor,
    ) -> None:
        super().__init__(observation_space, action_space, features_extractor=features_extractor, squash_output=True)
        self.network = network

    def get_action_dist_params(self, obs: PyTorchObs) -> tuple[Tensor, Tensor]:
        """Mean and clamped log standard deviation before squashing, (batch, action_dim) each."""
        mean, log_std = self.network(self.extract_features(obs, self.features_extractor))
        return mean, torch.clamp(log_std, LOG_STD_MIN, LOG_STD_MAX)

    def forward(self, obs: PyTorchObs, deterministic: bool = False) -> Tensor:
        """Actions in [-1, 1], (batch, action_dim)."""
        mean, log_std = self.get_action_dist_params(obs)
        if deterministic:
            return torch.tanh(mean)
        return squashed_gaussian.sample(mean, log_std, torch.randn_like(mean))

    def action_log_prob(self, obs: PyTorchObs) -> tuple[Tensor, Tensor]:
        """Sampled actions (batch, action_dim) and their log-probabilities (batch,)."""
        mean, log_std = self.get_action_dist_params(obs)
        return squashed_gaussian.sample_with_log_prob(mean, log_std, torch.randn_like(mean))

    def _predict(self, observation: PyTorchObs, deterministic: bool = False) -> Tensor:
        return self(observation, deterministic)


class SymmetricCritic(BaseModel):
    """`nearsym.networks.Critic` behind the interface stable-baselines3's SAC and TD3 expect of their critics."""

    features_extractor: BaseFeaturesExtractor

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Box,
        features_extractor: BaseFeaturesExtractor,
        network: Critic,
    ) -> None:
        super().__init__(observation_space, action_space, features_extractor=features_extractor)
        self.network = network

    def set_training_mode(self, mode: bool) -> None:
        """Does nothing, see `SymmetricPolicy`."""

    def values(self, obs: PyTorchObs, actions: Tensor) -> Tensor:
        """All critics at once, (members, batch)."""
        values: Tensor = self.network(self.extract_features(obs, self.features_extractor), actions)
        return values

    def forward(self, obs: PyTorchObs, actions: Tensor) -> tuple[Tensor, ...]:
        """One (batch, 1) tensor for each critic, as stock SAC reads them."""
        return self.values(obs, actions).unsqueeze(-1).unbind(0)

    def q1_forward(self, obs: PyTorchObs, actions: Tensor) -> Tensor:
        """The first critic's values, (batch, 1)."""
        return self.forward(obs, actions)[0]


class WithCritics(SymmetricPolicy):
    """Policies of algorithms with an ensemble of `n_critics` critics."""

    passes = ("n_critics",)
    action_space: spaces.Box

    def make_critic(self, features_extractor: BaseFeaturesExtractor | None = None) -> SymmetricCritic:
        """A new critic ensemble."""
        members = self._passed.get("n_critics", 2)
        critics = family_of_critics(self.network)
        network = Critic(self.trunk(critics), self.symmetry.action, critics, members=members)
        extractor = self.extractor(features_extractor)
        return SymmetricCritic(self.observation_space, self.action_space, extractor, network).to(self.device)


class SymmetricSACPolicy(WithCritics, SACPolicy):  # type: ignore[misc]
    """Actor and critics that use a symmetry exactly, approximately or not at all.

    Works with stock stable-baselines3::

        stable_baselines3.SAC(SymmetricSACPolicy, env, policy_kwargs=dict(symmetry=symmetry, network="relaxed"))

    Arguments and errors are those of `SymmetricPolicy`; `n_critics` is the size of the critic ensemble.
    """

    actor: SymmetricActor  # type: ignore[assignment]
    critic: SymmetricCritic  # type: ignore[assignment]
    critic_target: SymmetricCritic  # type: ignore[assignment]

    def make_actor(self, features_extractor: BaseFeaturesExtractor | None = None) -> SymmetricActor:  # type: ignore[override]
        """A new actor."""
        network = Actor(self.trunk(self.network), self.symmetry.action, self.network)
        extractor = self.extractor(features_extractor)
        return SymmetricActor(self.observation_space, self.action_space, extractor, network).to(self.device)
