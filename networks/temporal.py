"""Reading a window of time inside an observation by (relaxed) convolutions over it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, Series, direct_sum

from .families import Family
from .features import hidden_representation
from .linear import ExpandedLinear

TAPS = 4
STRIDE = 2
SHORTEST = 2 * TAPS
"""Convolutions stop before the window gets shorter than this many moments."""


class TemporalConv(nn.Module):
    """Convolution over time between quantities that a group moves, without padding.

        f'(t, i) = Σ_k Σ_j W_k[i, j] v(s·t + k) f(s·t + k, j)

    W is the weight of a linear layer from the representation of the input to that of the output, for each tap k; v are
    `TimeWeights`, where the family has them. A layer that looks at its input is given the patches. Steps are counted
    from the latest; the oldest are left out where the stride does not reach them.

    Wang, Walters & Yu relax translations by weights for each position too ("Approximately Equivariant Networks for
    Imperfectly Symmetric Dynamics", arXiv 2201.11969).

    Args:
        in_rep: representation on the quantities of one input channel.
        out_rep: on those of one output channel.
        in_channels: number of input channels; plane ``c·in_rep.dim + j`` is quantity j of channel c.
        out_channels: number of output channels.
        steps: moments of the input.
        family: which network.
        relax: the side relaxed weights of the group belong to.

    Attributes:
        steps: moments of the output.

    Shapes: (batch, in_channels·in_rep.dim, steps) to (batch, out_channels·out_rep.dim, steps').
    """

    def __init__(
        self,
        in_rep: Representation,
        out_rep: Representation,
        in_channels: int,
        out_channels: int,
        steps: int,
        family: Family,
        relax: str = "input",
    ) -> None:
        super().__init__()
        self.steps = (steps - TAPS) // STRIDE + 1
        self.skipped = (steps - TAPS) % STRIDE
        taps = Representation.trivial(in_rep.group, TAPS)
        self.kernel = family.linear(in_rep, out_rep, in_channels, out_channels, relax=relax, grid=taps)
        self.moments = family.time_weights(steps)

    def forward(self, x: Tensor) -> Tensor:
        """The next map."""
        x = self.moments(x)[..., self.skipped :]
        if isinstance(self.kernel, ExpandedLinear):
            weight, bias = self.kernel.weight_and_bias()
            return nn.functional.conv1d(x, weight.view(weight.shape[1], -1, TAPS), bias.view(-1), stride=STRIDE)
        patches = x.unfold(-1, TAPS, STRIDE).transpose(1, 2).flatten(2)
        values: Tensor = self.kernel(patches.flatten(0, 1)).squeeze(0)
        return values.view(len(x), self.steps, -1).transpose(1, 2)


class TemporalEncoder(nn.Module):
    """An observation with its series replaced by features of it: convolutions over time, each followed by a ReLU.

    Args:
        observation: representation on the flat observation.
        series: where the window lies in it.
        family: which network; `window_channels` of `hidden_representation` in every map.

    Attributes:
        rep: representation on the output, features first and then the rest of the observation as it was.

    Shapes: (batch, observation.dim) to (batch, rep.dim).

    Raises:
        InputError: the window is too short for a convolution.
    """

    def __init__(self, observation: Representation, series: Series, family: Family) -> None:
        super().__init__()
        if series.steps < SHORTEST:
            raise InputError(f"a series of {series.steps} moments is too short for convolutions; {SHORTEST} are needed")
        self.series = series
        moment = series.moment(observation)
        hidden = hidden_representation(moment)
        channels, self.hidden = family.window_channels, hidden.dim
        layers = [TemporalConv(moment, hidden, 1, channels, series.steps, family, relax="output")]
        while layers[-1].steps >= SHORTEST:
            layers.append(TemporalConv(hidden, hidden, channels, channels, layers[-1].steps, family))
        self.layers = nn.ModuleList(layers)
        features = hidden.copies(channels * layers[-1].steps)
        kept = [observation.restricted(0, series.start), observation.restricted(series.stop, observation.dim)]
        self.rep = direct_sum([features, *(part for part in kept if part.dim)])

    def forward(self, observation: Tensor) -> Tensor:
        """Features of the series, then what comes before and after it."""
        start, stop = self.series.start, self.series.stop
        x = observation[:, start:stop].reshape(len(observation), -1, self.series.steps)
        for layer in self.layers:
            x = nn.functional.relu(layer(x))
        # moment by moment, so that each is a whole block of assets (or whatever the group moves)
        moments = x.view(len(x), -1, self.hidden, x.shape[-1]).transpose(2, 3).flatten(1)
        return torch.cat([moments, observation[:, :start], observation[:, stop:]], dim=1)


class Unchanged(nn.Identity):
    """The encoder of an observation without a series.

    Attributes:
        rep: representation on the observation.
    """

    def __init__(self, rep: Representation) -> None:
        super().__init__()
        self.rep = rep


def observation_encoder(
    observation: Representation, series: Series | None, family: Family
) -> TemporalEncoder | Unchanged:
    """What an actor or critic reads a flat observation with."""
    return Unchanged(observation) if series is None else TemporalEncoder(observation, series, family)
