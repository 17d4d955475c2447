"""Convolutions over time: the linear layers of this package, with the taps of a kernel for a grid."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn

from nearsym.envs.symmetry import Representation

from .families import Family
from .linear import ExpandedLinear
from .relaxed_linear import RelaxedLinear, pays

TAPS = 4
STRIDE = 2
SHORTEST = 2 * TAPS
"""Convolutions stop before the window gets shorter than this many steps."""


class TemporalConv(nn.Module):
    """Convolution over time between quantities that a group moves, without padding.

        f'(t, i) = Σ_k Σ_j W_k[i, j] v(s·t + k) f(s·t + k, j)

    W is the weight of a linear layer from the representation of the input to that of the output, for each tap k; v are
    `TimeWeights`, where the family has them. A layer that looks at its input is given the patches. Steps are counted
    from the latest; the oldest are left out where the stride does not reach them.

    Wang, Walters & Yu relax translations by weights for each position too ("Approximately Equivariant Networks for
    Imperfectly Symmetric Dynamics", arXiv 2201.11969).

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Representation, Symmetry
        >>> from nearsym.networks import Exact, TemporalConv
        >>> quantities = Symmetry.reflection(observation=[-1, 1], action=[-1]).observation.rep
        >>> hidden = Representation.regular(quantities.group)
        >>> layer = TemporalConv(quantities, hidden, 1, 3, 16, Exact(), relax="output")
        >>> layer(torch.zeros(5, 2, 16)).shape
        torch.Size([5, 6, 7])

    Args:
        in_rep: representation on the quantities of one input channel.
        out_rep: on those of one output channel.
        in_channels: number of input channels; plane ``c·in_rep.dim + j`` is quantity j of channel c.
        out_channels: number of output channels.
        steps: length of the input.
        family: which network.
        relax: the side relaxed weights of the group belong to.

    Attributes:
        in_rep: representation on the quantities of one input channel.
        out_rep: on those of one output channel.
        steps: length of the output.
        applies: whether batches go through `columns`, because the layer is cheaper so.

    Shapes: (..., in_channels·in_rep.dim, steps) to (..., out_channels·out_rep.dim, steps').
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
        self.in_rep, self.out_rep = in_rep, out_rep
        self.steps = (steps - TAPS) // STRIDE + 1
        self.skipped = (steps - TAPS) % STRIDE
        taps = Representation.trivial(in_rep.group, TAPS)
        self.kernel = family.linear(in_rep, out_rep, in_channels, out_channels, relax=relax, grid=taps)
        self.time_weights = family.time_weights(steps)
        # a subclass may do something else
        self.applies = type(self.kernel) is RelaxedLinear and self.kernel.product is not None

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        # version 0.1 saved weights of time for every network, and called them moments
        saved = state_dict.pop(f"{prefix}moments.relaxed_weights.theta", None)
        if saved is not None and not isinstance(self.time_weights, nn.Identity):
            state_dict[f"{prefix}time_weights.relaxed_weights.theta"] = saved
        super()._load_from_state_dict(state_dict, prefix, *args)

    def forward(self, x: Tensor) -> Tensor:
        """The next map."""
        batch, x = x.shape[:-2], x.reshape(-1, *x.shape[-2:])
        if self.applies and pays(len(x)):
            dim = self.in_rep.dim
            columns = x.permute(1, 2, 0).reshape(x.shape[1] // dim, dim, x.shape[2], len(x))
            y = self.columns(columns).flatten(0, 1).permute(2, 0, 1)
        else:
            y = self._convolved(self.time_weights(x)[..., self.skipped :])
        return y.reshape(*batch, *y.shape[1:])

    def columns(self, x: Tensor) -> Tensor:
        """The same of columns, the batch last, without expanding the kernel.

        Shapes: (in_channels, in_rep.dim, steps, batch) to (out_channels, out_rep.dim, steps', batch).
        """
        channels, dim, _, batch = x.shape
        x = self.time_weights(x.transpose(2, 3)).transpose(2, 3)[:, :, self.skipped :]
        # taps s·m + r of the step t are the steps s·(t + m) + r
        x = x.reshape(channels, dim, x.shape[2] // STRIDE, STRIDE, batch).permute(0, 3, 1, 2, 4)
        patches = torch.stack([x.narrow(3, m, self.steps) for m in range(TAPS // STRIDE)], dim=1)
        patches = patches.reshape(channels, TAPS * dim, self.steps * batch).transpose(0, 1).unsqueeze(0)
        y = cast(RelaxedLinear, self.kernel).columns(patches)[0].transpose(0, 1)
        return y.reshape(-1, self.out_rep.dim, self.steps, batch)

    def _convolved(self, x: Tensor) -> Tensor:
        if isinstance(self.kernel, ExpandedLinear):
            weight, bias = self.kernel.weight_and_bias()
            return nn.functional.conv1d(x, weight.view(weight.shape[1], -1, TAPS), bias.view(-1), stride=STRIDE)
        patches = x.unfold(-1, TAPS, STRIDE).transpose(1, 2).flatten(2)
        values: Tensor = self.kernel(patches.flatten(0, 1)).squeeze(0)
        return values.view(len(x), self.steps, -1).transpose(1, 2)
