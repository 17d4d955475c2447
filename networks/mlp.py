"""The multilayer perceptron that every actor and critic is: lift, group layers, projections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation

from .families import Family, Plain
from .features import hidden_representation
from .relaxed_linear import LEAST_BATCH, RelaxedLinear, least_batch, pays


class MLP(nn.Module):
    """Hidden layers with ReLU on `hidden_representation`, then one linear head for each output.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import MLP, Exact
        >>> mirror = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
        >>> mlp = MLP(mirror.observation.rep, [mirror.action], Exact(width=32), members=3)
        >>> (action,) = mlp(torch.zeros(5, 2, 3))
        >>> action.shape
        torch.Size([3, 5, 2, 1])

    Args:
        in_rep: representation on the input.
        out_reps: representation on the output of each head.
        family: which network, with its width and depth.
        members: number of independent networks computed at once.
        gain: of the initial weights; see `bounds`.

    Attributes:
        in_rep: representation on the input.
        out_reps: representation on the output of each head.
        width: units of a hidden layer.
        applies: whether batches go through `RelaxedLinear.columns`, because a hidden layer is cheaper so.
        least_batch: inputs from which they do, unless all is compiled.

    Shapes: input (..., in_rep.dim), outputs (members, ..., out_rep.dim).
    """

    def __init__(
        self,
        in_rep: Representation,
        out_reps: Sequence[Representation],
        family: Family,
        members: int = 1,
        gain: float | None = None,
    ) -> None:
        super().__init__()
        self.in_rep, self.out_reps = in_rep, list(out_reps)
        hidden = hidden_representation(in_rep)
        build = partial(_build, in_rep, out_reps, hidden, members, gain)
        channels = _channels(family, hidden.dim, build)
        self.width = channels * hidden.dim
        self.layers, self.heads = build(family, channels)
        every = [*self.layers, *self.heads]
        known = all(type(layer) is RelaxedLinear for layer in every)  # a subclass may do something else
        self.applies = known and any(cast(RelaxedLinear, layer).product is not None for layer in every)
        self.least_batch = least_batch([cast(RelaxedLinear, layer) for layer in every]) if known else LEAST_BATCH

    def forward(self, x: Tensor) -> list[Tensor]:
        """One output for each head."""
        batch, x = x.shape[:-1], x.reshape(-1, x.shape[-1])
        if self.applies and pays(len(x), self.least_batch):
            x = x.t()[None, :, None]
            for layer in self.layers:
                x = nn.functional.relu(cast(RelaxedLinear, layer).columns(x))
            columns = [cast(RelaxedLinear, head).columns(x) for head in self.heads]
            outputs = [column.flatten(1, 2).transpose(1, 2) for column in columns]
        else:
            for layer in self.layers:
                x = nn.functional.relu(layer(x))
            outputs = [head(x) for head in self.heads]
        return [output.reshape(len(output), *batch, output.shape[-1]) for output in outputs]


def parameter_count(module: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _build(
    in_rep: Representation,
    out_reps: Sequence[Representation],
    hidden: Representation,
    members: int,
    gain: float | None,
    family: Family,
    channels: int,
) -> tuple[nn.ModuleList, nn.ModuleList]:
    first = family.linear(in_rep, hidden, 1, channels, relax="output", members=members, gain=gain)
    layers = nn.ModuleList([first])
    for _ in range(family.depth - 1):
        layers.append(family.linear(hidden, hidden, channels, channels, members=members, gain=gain))
    heads = nn.ModuleList(family.linear(hidden, rep, channels, 1, members=members, gain=gain) for rep in out_reps)
    return layers, heads


def _channels(
    family: Family,
    dim: int,
    build: Callable[[Family, int], tuple[nn.ModuleList, nn.ModuleList]],
) -> int:
    """Channels of `dim` coordinates each that make up the layer width, or match plain's parameter count."""
    channels = round(family.width / dim)
    if channels < 1:
        raise InputError(
            f"network.width={family.width} is less than one hidden channel, which takes {dim} units for this "
            f"symmetry; use network.width={dim} or a multiple of it"
        )
    if not family.match_parameters or family.architecture == Plain.family:
        return channels

    def size(family: Family, channels: int) -> int:
        return sum(parameter_count(part) for part in build(family, channels))

    target = size(Plain.like(family), channels)
    low, high = 1, channels
    while size(family, high) < target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(family, middle) < target else (low, middle)
    return min((low, high), key=lambda c: abs(size(family, c) - target))
