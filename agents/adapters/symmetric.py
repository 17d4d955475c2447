"""What the policies for stable-baselines3 share: their arguments, their networks, how they are saved."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, CombinedExtractor, FlattenExtractor
from stable_baselines3.common.type_aliases import Schedule

from nearsym.agents.algorithms.problem import symmetry_for
from nearsym.envs import is_image
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, Symmetry
from nearsym.networks import Family, Head, Trunk, encoder_for, family, family_of_critics, trunk_for


class SymmetricPolicy(BasePolicy):
    """Base of policies that use a symmetry exactly, approximately or not at all; stands before stock's own policy.

    Stock algorithms add no regulariser to their losses and have one learning rate, so relaxed networks'
    `relaxation_penalty` and `relaxed_lr_multiplier`, RPP's priors and the like need algorithms of our own.

    Args:
        observation_space: a Box, or a Dict of Boxes.
        action_space: of the algorithm's kind.
        lr_schedule: learning rate as a function of the remaining progress.
        symmetry: the declared symmetry; may be None for the plain network.
        network: by name (``plain``, ``augmented``, ``exact``, ``relaxed``, ``rpp``), or full settings.
        use_sde: must be False; passed by stable-baselines3.
        optimizer_class: of all networks.
        optimizer_kwargs: of all networks, without the learning rate.
        **others: those that the algorithm itself passes; stock's ``net_arch`` and the like are refused.

    Attributes:
        symmetry: checked against the spaces; of the trivial group where none was declared.
        network: full settings.

    Raises:
        InputError: the symmetry is missing or does not fit the spaces, or gSDE or another argument is asked for.
    """

    adam: ClassVar[dict[str, Any]] = {"fused": True}
    passes: ClassVar[tuple[str, ...]] = ()
    optimizer_kwargs: dict[str, Any]

    def __init__(
        self,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        lr_schedule: Schedule,
        symmetry: Symmetry | None = None,
        network: str | Family = "relaxed",
        use_sde: bool = False,
        optimizer_class: type[torch.optim.Optimizer] = torch.optim.Adam,
        optimizer_kwargs: dict[str, Any] | None = None,
        **others: Any,
    ) -> None:
        name = type(self).__name__
        refused = [key for key in others if key not in self.passes]
        if refused:
            raise InputError(
                f"{name} takes no {', '.join(refused)}; its layers follow from the symmetry, and their size "
                "from network=nearsym.networks.family('relaxed', width=…, depth=…)"
            )
        if use_sde:
            raise InputError("state-dependent exploration (use_sde=True) is not equivariant; use use_sde=False")
        if optimizer_kwargs is None:
            optimizer_kwargs = self.adam if optimizer_class is torch.optim.Adam else {}
        self.network = family(network) if isinstance(network, str) else network
        for each in (self.network, family_of_critics(self.network)):
            each.check_without_learner("stable-baselines3")
        self.declared = symmetry
        if is_image(observation_space):
            raise InputError(
                f"{name} reads vectors, this environment observes {observation_space}; use "
                "nearsym.agents.SAC, which reads images"
            )
        self.symmetry = symmetry_for(self.network, symmetry, observation_space, action_space)
        self._passed = others
        is_dict = isinstance(observation_space, spaces.Dict)
        super().__init__(
            observation_space,
            action_space,
            lr_schedule,
            features_extractor_class=CombinedExtractor if is_dict else FlattenExtractor,
            optimizer_class=optimizer_class,
            optimizer_kwargs=dict(optimizer_kwargs),
            **others,
        )
        if self.network.clocks(self):
            raise InputError(
                f"network={self.network.name} counts updates, which stable-baselines3 does not tell; use nearsym.SAC, "
                "or another network"
            )

    def set_training_mode(self, mode: bool) -> None:
        """Does nothing: no layer of ours knows modes, and stable-baselines3 asks for two walks over them a step."""

    def trunk(self, network: Family) -> Trunk:
        """What comes first in a network of a family: the identity, or convolutions over a window of time."""
        return trunk_for(encoder_for(self.symmetry.observation, network), network)

    def head(self, out_rep: Representation) -> Head:
        """A network from observations to what transforms by a representation."""
        return Head(self.trunk(self.network), out_rep, self.network)

    def extractor(self, given: BaseFeaturesExtractor | None = None) -> BaseFeaturesExtractor:
        """What flattens observations."""
        return given or self.make_features_extractor()

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
            **self._passed,
        }
