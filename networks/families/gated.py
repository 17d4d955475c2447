"""Gated networks: equivariant where the symmetry holds, free where a gate has learned that it does not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Image, Observation, Representation

from ..auxiliary import Auxiliary, Reference
from ..gate import TransitionGate, start_alike
from ..linear import Linear
from .base import Family
from .exact import Exact
from .plain import Plain
from .registry import register


@register
@dataclass(frozen=True, kw_only=True)
class Gated(Family):
    """PE-SAC (Chang et al., "Partially Equivariant Reinforcement Learning", arXiv 2512.00915); keys beside `Family`'s.

    An equivariant and a free network each for actor and critics, with no layer in common, and a gate λ between them:

        Q(s, a) = (1 - λ(s, a)) Q_E(s, a) + λ(s, a) Q_N(s, a)            π(·|s) ∝ π_E(·|s)^(1 - λ̄(s)) π_N(·|s)^λ̄(s)

    λ and λ̄ are `TransitionGate`'s, trained on replayed transitions alone; here they are numbers without gradient. Of
    discrete actions (PE-DQN) there is Q alone.

    No code of the paper is public, and of its text we knew the formulas above, that equivariant and free one-step
    predictors are compared by their disagreement, that its upper tail is the gate's label, and that λ̄ is an upper
    expectile. What we chose: that rewards are predicted too, in which scale, what counts as the upper tail, that a
    state's extreme actions are looked at too, how λ̄ is estimated, that λ is used as a probability and not rounded, that
    its gradient for actions is left out, that both critics learn through their mixture, and that free networks start as
    copies of the equivariant ones, so that all starts exactly equivariant whatever the gate says.

    Attributes:
        gate_threshold: κ of `Gate`: the squared disagreement, over the free predictor's squared error, that counts.
        gate_expectile: τ of λ̄.

    Raises:
        InputError: a value is out of range.
    """

    has_auxiliary: ClassVar[bool] = True

    family: str = "gated"
    gate_threshold: float = 10.0
    gate_expectile: float = 0.9

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_strength("gate_threshold")
        if not 0.5 <= self.gate_expectile < 1:
            raise InputError(f"network.gate_expectile is {self.gate_expectile}, expected a number from 0.5 to below 1")
        if self.match_parameters:
            raise InputError(
                "network.match_parameters=true cannot hold for network=gated, which has a plain network and more; use "
                "network.width"
            )

    @property
    def architecture(self) -> str:
        """Exact networks', where a gate has not opened."""
        return Exact.family

    def linear(self, *args: Any, **kwargs: Any) -> Linear:
        """An exact one; networks are put together from these and plain ones by `assembled`."""
        return Exact.like(self).linear(*args, **kwargs)

    def auxiliary(self, observation: Observation, action: Representation, discrete: bool = False) -> Auxiliary:
        """`TransitionGate`.

        Raises:
            InputError: images are observed.
        """
        if isinstance(observation, Image):
            raise InputError(
                "network=gated predicts what is observed next, and does not do so of images; use another network"
            )
        return TransitionGate(observation.rep, action, self, self.gate_threshold, self.gate_expectile, discrete)

    def assembled(self, name: str, build: Callable[[Family], nn.Module], auxiliary: Auxiliary | None) -> nn.Module:
        """`GatedActor`, `GatedCritic` or `GatedValues`."""
        assert isinstance(auxiliary, TransitionGate)
        equivariant, free = build(Exact.like(self)), build(Plain.like(self))
        start_alike(equivariant, free)
        kinds: dict[str, type[_Gated]] = {"actor": GatedActor, "critic": GatedCritic, "values": GatedValues}
        return kinds[name](equivariant, free, auxiliary)

    def readings(self, module: nn.Module) -> dict[str, float]:
        """Means of λ and λ̄ on what was last seen, and the share of it where the symmetry is given up, λ > ½."""
        if not isinstance(module, TransitionGate) or module.seen is None:
            return {}
        with torch.no_grad():
            gates, upper = module.of(*module.seen), module.over_actions(module.seen[0])
        return {
            "gate": gates.mean().item(),
            "gate_over_actions": upper.mean().item(),
            "given_up": (gates > 0.5).float().mean().item(),
        }

    def local_readings(self, module: nn.Module) -> dict[str, Tensor]:
        """λ̄(s), the share of the free network in the policy."""
        if not isinstance(module, TransitionGate) or module.seen is None:
            return {}
        return {"gate λ̄(s)": module.over_actions(module.seen[0])}


class _Gated(nn.Module, ABC):
    """Two networks, and a gate that belongs to neither."""

    def __init__(self, equivariant: nn.Module, free: nn.Module, gate: Any) -> None:
        super().__init__()
        self.equivariant, self.free, self._gate = equivariant, free, Reference(gate)
        self.in_rep, self.out_rep = equivariant.in_rep, equivariant.out_rep

    @abstractmethod
    def forward(self, *inputs: Any) -> Any:
        """What the gate makes of both."""


class GatedActor(_Gated):
    """Mean and log standard deviation of the geometric mixture of two squashed Gaussians; shapes are `Actor`'s.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Actor, Exact, family
        >>> mirror = Symmetry.reflection(observation=[-1, 1], action=[-1])
        >>> gated = family("gated", width=8)
        >>> gate = gated.auxiliary(mirror.observation, mirror.action)
        >>> actor = gated.assembled("actor", lambda kind: Actor(mirror.observation.rep, mirror.action, kind), gate)
        >>> type(actor).__name__, actor(torch.zeros(3, 2))[0].shape
        ('GatedActor', torch.Size([3, 1]))
    """

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Before squashing."""
        weight = self._gate.module.over_actions(x).unsqueeze(-1)
        return geometric_mixture(self.equivariant(x), self.free(x), weight)


class GatedCritic(_Gated):
    """(1 - λ) Q_E + λ Q_N of every member; shapes are `Critic`'s.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Critic, family
        >>> mirror = Symmetry.reflection(observation=[-1, 1], action=[-1])
        >>> gated = family("gated", width=8)
        >>> gate = gated.auxiliary(mirror.observation, mirror.action)
        >>> build = lambda kind: Critic(mirror.observation.rep, mirror.action, kind, members=2)
        >>> gated.assembled("critic", build, gate)(torch.zeros(3, 2), torch.zeros(3, 1)).shape
        torch.Size([2, 3])
    """

    def forward(self, x: Tensor, action: Tensor) -> Tensor:
        """(members, ...) action values."""
        weight = self._gate.module.of(x, action).detach()
        values: Tensor = (1 - weight) * self.equivariant(x, action) + weight * self.free(x, action)
        return values


class GatedValues(_Gated):
    """(1 - λ(s, a)) Q_E(s, a) + λ(s, a) Q_N(s, a) of every discrete action a (PE-DQN); shapes are `Head`'s.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Head, family
        >>> mirror = Symmetry.reflection(observation=[-1, 1], action=[1, 0])
        >>> gated = family("gated", width=8)
        >>> gate = gated.auxiliary(mirror.observation, mirror.action, discrete=True)
        >>> build = lambda kind: Head(mirror.observation.rep, mirror.action, kind)
        >>> gated.assembled("values", build, gate)(torch.zeros(3, 2)).shape
        torch.Size([3, 2])
    """

    def forward(self, x: Tensor) -> Tensor:
        """(..., actions) values."""
        equivariant, free = self.equivariant(x), self.free(x)
        marks = torch.eye(equivariant.shape[-1], dtype=x.dtype, device=x.device)  # every action, for every state
        seen = x.unsqueeze(-2).expand(*equivariant.shape, x.shape[-1])
        weight = self._gate.module.of(seen, marks.expand(*equivariant.shape, len(marks)))
        values: Tensor = (1 - weight) * equivariant + weight * free
        return values


def geometric_mixture(
    one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor], weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Mean and log standard deviation of p^(1 - w) q^w, normalised, of Gaussians p and q.

        1/σ² = (1 - w)/σ_p² + w/σ_q²        μ = σ² ((1 - w) μ_p/σ_p² + w μ_q/σ_q²)

    It is the mixture of squashed Gaussians too: a = tanh u has the density p(u) |du/da|, of which the second factor is
    the same in both, and (1 - w) + w = 1.

    Args:
        one: mean and log standard deviation of p, (..., dim) each.
        other: the same of q.
        weight: w in (0, 1), (..., 1).
    """
    (mean, log_std), (other_mean, other_log_std) = one, other
    weight = weight.clamp(1e-6, 1 - 1e-6)
    precisions = torch.log1p(-weight) - 2 * log_std, torch.log(weight) - 2 * other_log_std
    share = torch.sigmoid(precisions[1] - precisions[0])
    return mean + share * (other_mean - mean), -0.5 * torch.logaddexp(*precisions)
