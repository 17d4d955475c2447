"""Encoder, actor and critics on images as a stable-baselines3 policy."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import torch
from gymnasium import spaces
from stable_baselines3.common.type_aliases import PyTorchObs, Schedule
from torch import Tensor, nn

from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.symmetry import Group, Image, Representation, Symmetry
from nearsym.networks import Encoder, Family, VisualActor, VisualCritic, VisualGaussianActor, family

from .agent import SymmetricPolicy


class VisualPolicy(SymmetricPolicy):
    """Base of policies with one encoder for actor and critics, trained by the critics alone.

    Args:
        observation_space: images (channels, height, width), uint8.
        action_space: a bounded Box.
        lr_schedule: learning rate as a function of the remaining progress.
        symmetry: the declared symmetry, on images; may be None for the plain network.
        network: by name, as for `SymmetricSACPolicy`, or full settings.
        features: length of the vectors between feature map and heads.
        filters: planes of each feature map.
        use_sde: must be False; passed by stable-baselines3.

    Raises:
        InputError: the symmetry is missing.
        SymmetryError: the symmetry does not fit.
    """

    measured_states: ClassVar[int] = 32
    actor_kind: ClassVar[type[VisualActor] | type[VisualGaussianActor]]
    action_space: spaces.Box

    def __init__(
        self,
        observation_space: spaces.Box,
        action_space: spaces.Box,
        lr_schedule: Schedule,
        symmetry: Symmetry | None = None,
        network: str | Family = "relaxed",
        features: int = 50,
        filters: int = 32,
        use_sde: bool = False,
    ) -> None:
        if use_sde:
            raise InputError("state-dependent exploration (use_sde=True) is not equivariant; use use_sde=False")
        super().__init__(observation_space, action_space, squash_output=True)
        self.network = family(network) if isinstance(network, str) else network
        self.declared, self.features, self.filters = symmetry, features, filters
        self.symmetry = _image_symmetry(symmetry, self.network, observation_space, action_space)
        parts = self.fresh_parts(self.network)
        self.encoder, self.actor, self.critic = parts["encoder"], parts["actor"], parts["critic"]
        self.critic_target = copy.deepcopy(self.critic).requires_grad_(False)
        rate = lr_schedule(1)
        self.actor_optimizer = torch.optim.Adam(self.network.parameter_groups([self.actor]), lr=rate, fused=True)
        trained_by_critics = self.network.parameter_groups([self.encoder, self.critic])
        self.critic_optimizer = torch.optim.Adam(trained_by_critics, lr=rate, fused=True)

    def parts(self) -> dict[str, nn.Module]:
        """Encoder, actor and critic."""
        return {"encoder": self.encoder, "actor": self.actor, "critic": self.critic}

    def fresh_parts(self, network: Family) -> dict[str, nn.Module]:
        """Encoder, actor and critic under other settings."""
        seen = self.symmetry.observation
        assert isinstance(seen, Image) and self.observation_space.shape is not None
        channels, height, width = self.observation_space.shape
        encoder = Encoder(seen.plane, (channels, height, width), network, self.filters)
        action = self.symmetry.action
        return {
            "encoder": encoder,
            "actor": self.actor_kind(encoder, action, network, self.features),
            "critic": VisualCritic(encoder, action, network, self.features),
        }

    def action_values(self, observations: Tensor, actions: Tensor) -> Tensor:
        """All critics."""
        values: Tensor = self.critic(self.encoded(observations), actions)
        return values

    def _predict(self, observation: PyTorchObs, deterministic: bool = False) -> Tensor:
        action: Tensor = self(observation, deterministic)
        return action

    def encoded(self, observations: Tensor) -> Tensor:
        """Feature maps of flattened observations."""
        assert self.observation_space.shape is not None  # images
        features: Tensor = self.encoder(observations.view(-1, *self.observation_space.shape))
        return features

    def _get_constructor_parameters(self) -> dict[str, Any]:
        """What stable-baselines3 saves to build the policy again."""
        return {
            "observation_space": self.observation_space,
            "action_space": self.action_space,
            "lr_schedule": lambda _: float("nan"),
            "symmetry": self.declared,
            "network": self.network,
            "features": self.features,
            "filters": self.filters,
        }


def _image_symmetry(
    symmetry: Symmetry | None, network: Family, observation_space: spaces.Box, action_space: spaces.Box
) -> Symmetry:
    if symmetry is not None:
        if not isinstance(symmetry.observation, Image):
            raise SymmetryError(
                "the symmetry is declared on vectors and the environment observes images; build it with Symmetry.image"
            )
        symmetry.check_spaces(observation_space, action_space)
        return symmetry
    if network.needs_symmetry:
        raise InputError(
            f"network={network.label} needs a symmetry and the environment declares none on its images; pass "
            "symmetry=… (Symmetry.image), or use network=plain"
        )
    group = Group.trivial()
    plane, action = (Representation.trivial(group, dim) for dim in (2, action_space.shape[0]))
    channels, height, width = observation_space.shape
    return Symmetry(group, Image(plane, (channels, height, width)), action)
