"""A gate that learns where a symmetry does not hold, from what two predictors make of transitions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from .auxiliary import Auxiliary, RunningScale, Transitions
from .families.base import Family
from .families.exact import Exact
from .families.plain import Plain, PlainLinear
from .linear import ExpandedLinear
from .mlp import MLP

CLOSED = -4.0
"""The logit from which gates start: λ = 0.018."""


CORNERS = 61
"""Corners of the box of actions that are looked at, drawn beforehand."""


class Gate(nn.Module):
    """λ(x) in (0, 1): the probability that an equivariant function of x is contradicted by data.

    Two networks predict y from x, one equivariant and one free. Where they disagree by more than the free one errs,

        z(x) = 1 if max_i |f_E(x) - f_N(x)|²_i / max(e_i, |f_N(x) - y|²_i) > κ, otherwise 0     e = mean |f_N(x) - y|²

    over coordinates i of y, the equivariant one cannot be right. λ is trained on z by cross-entropy. The free one
    starts equal to the equivariant one, so that what they disagree on at first is what the data say. The denominator is
    ours: a disagreement is held against what is not known anyway, be it noise or not learned yet.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Group, Representation
        >>> from nearsym.networks import Plain
        >>> from nearsym.networks.gate import Gate
        >>> swap = Representation.regular(Group.cyclic(2))
        >>> gate = Gate(swap, [swap], Plain(width=8), threshold=4.0)
        >>> gate(torch.randn(5, 2)).round(decimals=3)  # closed at first
        tensor([0.0180, 0.0180, 0.0180, 0.0180, 0.0180])

    Args:
        in_rep: representation on x.
        out_reps: on the parts of y.
        family: whose sizes all networks have.
        threshold: κ.

    Shapes: x (batch, in_rep.dim), y (batch, sum of out_reps' dims), λ (batch,).
    """

    def __init__(
        self, in_rep: Representation, out_reps: Sequence[Representation], family: Family, threshold: float
    ) -> None:
        super().__init__()
        self.threshold = threshold
        self.equivariant = MLP(in_rep, out_reps, Exact.like(family))
        self.free = MLP(in_rep, out_reps, Plain.like(family))
        start_alike(self.equivariant, self.free)
        self.gate = closed(in_rep, family)

    def forward(self, x: Tensor) -> Tensor:
        """λ, without gradient."""
        return torch.sigmoid(self.logits(x)).detach()

    def logits(self, x: Tensor) -> Tensor:
        """Log λ / (1 - λ), (batch,)."""
        (logits,) = self.gate(x)
        return logits[0, ..., 0]

    def predictions(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Of the equivariant and of the free predictor, like y."""
        equivariant, free = (torch.cat([part[0] for part in net(x)], dim=-1) for net in (self.equivariant, self.free))
        return equivariant, free

    def loss(self, x: Tensor, y: Tensor, beside: Tensor | None = None) -> Tensor:
        """Of both predictors and the gate, a scalar.

        Args:
            x: inputs.
            y: what is to be predicted.
            beside: another input for each row, whose y is not known; a disagreement there counts as one at x.
        """
        equivariant, free = self.predictions(x)
        errors = (equivariant - y).square().mean() + (free - y).square().mean()
        with torch.no_grad():
            error = (free - y).square()
            labels = broken(equivariant, free, torch.maximum(error, error.mean(dim=0)), self.threshold)
            if beside is not None:
                there = broken(*self.predictions(beside), error.mean(dim=0), self.threshold)
                labels = torch.maximum(labels, there)
        return errors + nn.functional.binary_cross_entropy_with_logits(self.logits(x), labels)


class TransitionGate(Auxiliary):
    """λ(s, a), by one-step predictors of what changes and what is paid, and λ̄(s), its upper expectile over actions.

    Predicted are (s' - s, r), divided by their running root mean squares: s' - s moves as s does, and r does not. λ̄ is
    an expectile of λ over the actions that were taken near s,

        minimise |τ - [λ < λ̄]| (λ(s, a) - λ̄(s))²        over replayed (s, a)

    The label of (s, a) is 1 where predictors disagree there or at s and a random corner of the box of actions. A motor
    that does the opposite of what is declared hardly shows in small actions, and all the same which of them are good is
    the opposite: of a pointwise gate Q would be the equivariant one's exactly where a policy has become precise.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Plain
        >>> from nearsym.networks.gate import TransitionGate
        >>> mirror = Symmetry.reflection(observation=[-1, 1], action=[-1])
        >>> gate = TransitionGate(mirror.observation.rep, mirror.action, Plain(width=8), threshold=4.0, expectile=0.9)
        >>> gate.of(torch.zeros(3, 2), torch.zeros(3, 1)).shape, gate.over_actions(torch.zeros(3, 2)).shape
        (torch.Size([3]), torch.Size([3]))

    Args:
        observation: representation on s.
        action: on a.
        family: whose sizes all networks have.
        threshold: κ of `Gate`.
        expectile: τ.
        discrete: whether actions are vectors of zeros and a one, which then stand for the corners of the box.
    """

    corners: Tensor

    def __init__(
        self,
        observation: Representation,
        action: Representation,
        family: Family,
        threshold: float,
        expectile: float,
        discrete: bool = False,
    ) -> None:
        super().__init__()
        self.expectile = expectile
        reward = Representation.trivial(observation.group)
        self.gate = Gate(observation.direct_sum(action), [observation, reward], family, threshold)
        self.upper = closed(observation, family)
        self.scale = RunningScale(observation.dim + 1)
        signs = 2.0 * np.random.default_rng(0).integers(2, size=(CORNERS, action.dim)) - 1
        corners = np.eye(action.dim) if discrete else signs
        self.register_buffer("corners", torch.tensor(corners, dtype=torch.float32), persistent=False)

    def of(self, observations: Tensor, actions: Tensor) -> Tensor:
        """λ(s, a), (batch,), without gradient."""
        return self.gate(torch.cat([observations, actions], dim=-1))

    def over_actions(self, observations: Tensor) -> Tensor:
        """λ̄(s), (batch,), without gradient."""
        return self._upper(observations).detach()

    def observe(self, batch: Transitions) -> None:
        """Takes in the scales of what is predicted."""
        super().observe(batch)
        self.scale.observe(_outcome(batch))

    def loss(self, batch: Transitions) -> Tensor:
        """Of predictors, gate and expectile."""
        observations = batch.observations.float()
        x = torch.cat([observations, batch.actions], dim=1)
        apart = self.gate(x) - self._upper(observations)
        weight = torch.where(apart < 0, 1 - self.expectile, self.expectile)
        corner = self.corners[torch.arange(len(x), device=x.device) % len(self.corners)]
        beside = torch.cat([observations, corner], dim=1)
        return self.gate.loss(x, self.scale(_outcome(batch)), beside) + (weight * apart.square()).mean()

    def _upper(self, observations: Tensor) -> Tensor:
        (logits,) = self.upper(observations)
        return torch.sigmoid(logits[0, ..., 0])


def broken(equivariant: Tensor, free: Tensor, error: Tensor, threshold: float) -> Tensor:
    """(batch,) z of `Gate`: 1 where predictors disagree beyond an error, squared, in a coordinate, 0 elsewhere."""
    return ((equivariant - free).square() > threshold * error).any(dim=-1).to(free.dtype)


def closed(in_rep: Representation, family: Family) -> MLP:
    """A plain network of one number that starts at `CLOSED` everywhere."""
    mlp = MLP(in_rep, [Representation.trivial(in_rep.group)], Plain.like(family))
    (head,) = mlp.heads
    assert isinstance(head, PlainLinear)
    with torch.no_grad():
        head.weight.zero_()
        head.bias.fill_(CLOSED)
    return mlp


def start_alike(exact: nn.Module, plain: nn.Module) -> None:
    """Give a plain network the weights of an exact one of the same layers."""
    pairs = zip(*([m for m in net.modules() if isinstance(m, ExpandedLinear)] for net in (exact, plain)), strict=True)
    with torch.no_grad():
        for one, other in pairs:
            assert isinstance(other, PlainLinear)
            weight, bias = one.expand()
            other.weight.copy_(weight)
            other.bias.copy_(bias)


def _outcome(batch: Transitions) -> Tensor:
    """(batch, observation_dim + 1) what changes, and what is paid."""
    change = batch.next_observations.float() - batch.observations.float()
    return torch.cat([change, batch.rewards.float()[:, None]], dim=1)
