"""The symmetric actor-critic as a stable-baselines3 policy."""

from __future__ import annotations

from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BaseModel, BasePolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, CombinedExtractor, FlattenExtractor
from stable_baselines3.common.type_aliases import PyTorchObs, Schedule
from stable_baselines3.sac.policies import LOG_STD_MAX, LOG_STD_MIN, SACPolicy
from torch import Tensor

from nearsym.agents.algorithms import squashed_gaussian
from nearsym.agents.algorithms.problem import symmetry_for
from nearsym.envs import is_image
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import Actor, Critic, Family, Trunk, encoder_for, family, family_of_critics, trunk_for


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
    """`nearsym.networks.Critic` behind the interface stable-baselines3's SAC expects of its critics."""

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


class SymmetricSACPolicy(SACPolicy):
    """Actor and critics that use a symmetry exactly, approximately or not at all.

    Works with stock stable-baselines3::

        stable_baselines3.SAC(SymmetricSACPolicy, env, policy_kwargs=dict(symmetry=symmetry, network="relaxed"))

    Stock SAC adds no regulariser to its losses and has one learning rate, so relaxed networks' `relaxation_penalty` and
    `relaxed_lr_multiplier` and RPP's priors need `nearsym.agents.SAC`.

    Args:
        observation_space: a Box, or a Dict of Boxes.
        action_space: a bounded Box.
        lr_schedule: learning rate as a function of the remaining progress.
        symmetry: the declared symmetry; may be None for the plain network.
        network: by name (``plain``, ``augmented``, ``exact``, ``relaxed``, ``rpp``), or full settings.
        use_sde: must be False; passed by stable-baselines3.
        optimizer_class: for actor and critic.
        optimizer_kwargs: for actor and critic, without the learning rate; fused Adam by default.
        n_critics: size of the critic ensemble.
        **others: none; stock's ``net_arch`` and the like are refused.

    Raises:
        InputError: the symmetry is missing or does not fit the spaces, or gSDE or another argument is asked for.
    """

    actor: SymmetricActor  # type: ignore[assignment]
    critic: SymmetricCritic  # type: ignore[assignment]
    critic_target: SymmetricCritic  # type: ignore[assignment]

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Box,
        lr_schedule: Schedule,
        symmetry: Symmetry | None = None,
        network: str | Family = "relaxed",
        use_sde: bool = False,
        optimizer_class: type[torch.optim.Optimizer] = torch.optim.Adam,
        optimizer_kwargs: dict[str, Any] | None = None,
        n_critics: int = 2,
        **others: Any,
    ) -> None:
        if others:
            raise InputError(
                f"SymmetricSACPolicy takes no {', '.join(others)}; its layers follow from the symmetry, and their size "
                "from network=nearsym.networks.family('relaxed', width=…, depth=…)"
            )
        if use_sde:
            raise InputError("state-dependent exploration (use_sde=True) is not equivariant; use use_sde=False")
        if optimizer_kwargs is None:
            optimizer_kwargs = {"fused": True} if optimizer_class is torch.optim.Adam else {}
        self.network = family(network) if isinstance(network, str) else network
        self.declared = symmetry
        if is_image(observation_space):
            raise InputError(
                f"SymmetricSACPolicy reads vectors, this environment observes {observation_space}; use "
                "nearsym.agents.SAC, which reads images"
            )
        self.symmetry = symmetry_for(self.network, symmetry, observation_space, action_space)
        self.n_critics = n_critics
        is_dict = isinstance(observation_space, spaces.Dict)
        super().__init__(
            observation_space,
            action_space,
            lr_schedule,
            features_extractor_class=CombinedExtractor if is_dict else FlattenExtractor,
            optimizer_class=optimizer_class,
            optimizer_kwargs=optimizer_kwargs,
            n_critics=n_critics,
        )

    def set_training_mode(self, mode: bool) -> None:
        """Does nothing: no layer of ours knows modes, and stable-baselines3 asks for two walks over them a step."""

    def make_actor(self, features_extractor: BaseFeaturesExtractor | None = None) -> SymmetricActor:  # type: ignore[override]
        """A new actor."""
        network = Actor(self._trunk(self.network), self.symmetry.action, self.network)
        extractor = features_extractor or self.make_features_extractor()
        return SymmetricActor(self.observation_space, self.action_space, extractor, network).to(self.device)  # type: ignore[arg-type]

    def make_critic(self, features_extractor: BaseFeaturesExtractor | None = None) -> SymmetricCritic:  # type: ignore[override]
        """A new critic ensemble."""
        critics = family_of_critics(self.network)
        network = Critic(self._trunk(critics), self.symmetry.action, critics, members=self.n_critics)
        extractor = features_extractor or self.make_features_extractor()
        return SymmetricCritic(self.observation_space, self.action_space, extractor, network).to(self.device)  # type: ignore[arg-type]

    def _trunk(self, network: Family) -> Trunk:
        return trunk_for(encoder_for(self.symmetry.observation, network), network)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        """What stable-baselines3 saves to build the policy again."""
        return {
            "observation_space": self.observation_space,
            "action_space": self.action_space,
            "lr_schedule": self._dummy_schedule,
            "symmetry": self.declared,
            "network": self.network,
            "optimizer_class": self.optimizer_class,
            "optimizer_kwargs": self.optimizer_kwargs,
            "n_critics": self.n_critics,
        }
