"""Equivariant Gaussian actor."""

from __future__ import annotations

from torch import Tensor, nn

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Representation, Series

from .families import Family
from .mlp import MLP
from .temporal import observation_encoder


class Actor(nn.Module):
    """π(a|s) = tanh N(μ(s), σ(s)), with μ(gs) = ρ_action(g) μ(s) and log σ(gs) = |ρ_action(g)| log σ(s).

    Under these laws the squashed Gaussian itself is equivariant, π(ga|gs) = π(a|s), because tanh and the
    diagonal Gaussian commute with signed permutations. They hold exactly for the ``exact`` family and at
    initialisation for ``relaxed`` and ``rpp``.

    Args:
        observation: representation on the flat observation.
        action: representation on the action, a signed permutation.
        family: which network.
        gain: of the initial weights; see `MLP`.
        series: the window of time inside the observation, if there is one.

    Shapes: observation (batch, observation.dim) to mean and log-std, both (batch, action.dim).

    Raises:
        SymmetryError: the action representation is dense.
    """

    def __init__(
        self,
        observation: Representation,
        action: Representation,
        family: Family,
        gain: float | None = None,
        series: Series | None = None,
    ) -> None:
        super().__init__()
        if not action.is_signed_permutation:
            raise SymmetryError(
                f"the action transforms by dense matrices of {action.group!r}, which tanh does not commute with, so "
                "a tanh-squashed policy cannot be equivariant; declare the subgroup that moves actions by signed "
                "permutations (mirrors and quarter turns)"
            )
        self.encoder = observation_encoder(observation, series, family)
        self.mlp = MLP(self.encoder.rep, [action, action.permutation()], family, gain=gain)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log standard deviation before squashing."""
        mean, log_std = self.mlp(self.encoder(observation))
        return mean.squeeze(0), log_std.squeeze(0)
