"""Which network to build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nearsym.envs.errors import InputError

CHOICES = ("plain", "exact", "relaxed", "rpp")

NAMED: Mapping[str, Mapping[str, Any]] = {
    "plain": {},
    "augmented": {"choice": "plain", "augment": True},
    "exact": {},
    "relaxed": {"relax_biases": True, "relaxation_penalty": 3e-4, "relaxation_rate": 10.0},
    "rpp": {"prior_equivariant": 1e-6, "prior_residual": 1e-4},
}
"""What ``network=<name>`` stands for, on the command line and in Python; see configs/network."""


@dataclass(frozen=True)
class NetworkSettings:
    """How actor and critic use the declared symmetry.

    Attributes:
        choice: ``plain`` ignores it, ``exact`` is bound to it, ``relaxed`` starts exact and learns relaxed
            weights, ``rpp`` (residual pathway prior) adds a plain pathway to an exact one in every layer.
        width: units of each hidden layer, the same for every choice: an exact layer of width 256 over a group
            of order 8 has 32 channels.
        depth: number of hidden layers.
        banks: filter banks L of a relaxed layer.
        series_channels: channels of the convolutions over a `Series` inside the observation, where there is one.
        relax_positions: give every tap of a convolution's kernel relaxed weights of its own (pixels).
        relax_biases: let the biases of relaxed layers leave what the symmetry allows, as an offset or a constant push
            in one direction asks for.
        augment: move every replayed transition by a random element of the group before learning from it, which
            is what a plain network can do with a symmetry.
        match_parameters: make `width` the plain network's, and give the others the width at which they have
            most nearly as many parameters as it.
        relaxation_penalty: λ of λ Σ_l Σ_g mean_h |w_l(g) - w_l(h)|, added to actor and critic losses in units of
            the loss (`regularizer`), so that it does not depend on the unit of reward.
        relaxation_rate: learning rate of relaxed weights, as a multiple of the others'.
        prior_equivariant: RPP's Gaussian prior on the exact part, 1/(2σ²), in units of the loss.
        prior_residual: RPP's Gaussian prior on the plain part, 1/(2σ²), in units of the loss.

    Raises:
        InputError: a value is out of range.
    """

    choice: str = "relaxed"
    width: int = 256
    depth: int = 2
    banks: int = 1
    series_channels: int = 8
    relax_positions: bool = False
    relax_biases: bool = False
    augment: bool = False
    match_parameters: bool = False
    relaxation_penalty: float = 0.0
    relaxation_rate: float = 1.0
    prior_equivariant: float = 0.0
    prior_residual: float = 0.0

    @classmethod
    def named(cls, name: str) -> NetworkSettings:
        """The settings that ``network=<name>`` stands for.

        Raises:
            InputError: there is no such network.
        """
        if name not in NAMED:
            raise InputError(f"there is no network {name!r}; choose from {', '.join(NAMED)}")
        return cls(**{"choice": name, **NAMED[name]})

    @property
    def label(self) -> str:
        """What runs and reports call it: the choice, or ``augmented`` for a plain network that augments."""
        if not self.augment:
            return self.choice
        return "augmented" if self.choice == "plain" else f"{self.choice}-augmented"

    def __post_init__(self) -> None:
        if self.choice not in CHOICES:
            raise InputError(f"network.choice is {self.choice!r}, expected one of {', '.join(CHOICES)}")
        for name in ("width", "depth", "banks", "series_channels"):
            if getattr(self, name) < 1:
                raise InputError(f"network.{name} is {getattr(self, name)}, expected a whole number >= 1")
        if not 0 < self.relaxation_rate < float("inf"):
            raise InputError(f"network.relaxation_rate is {self.relaxation_rate}, expected a number > 0")
        for name in ("relaxation_penalty", "prior_equivariant", "prior_residual"):
            if not getattr(self, name) >= 0:
                raise InputError(f"network.{name} is {getattr(self, name)}, expected a number >= 0")
