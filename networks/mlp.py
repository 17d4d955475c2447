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
from .layer_norm import LayerNorm
from .relaxed_linear import RelaxedLinear, pays

WIDER = 4
"""Times as many channels within a residual block, as in SimBa."""

Applied = Callable[[nn.Module, Tensor], Tensor]
Parts = tuple[nn.ModuleList, nn.ModuleList, nn.ModuleList]
"""Hidden layers, their normalisations, and heads."""


class MLP(nn.Module):
    """Hidden layers on `hidden_representation`, then one linear head for each output.

    Hidden layers are those of ``network.block``. W are layers of the family, N its layer normalisation, with one scale
    and shift for each channel unless the family is plain, so that it commutes with the group as ReLU does:

        mlp        x ← relu(W x)                          as many as ``depth``
        norm       x ← relu(N W x)                        the same
        residual   x ← W x, then x ← x + W' relu(W N x)   as many blocks as ``depth``, 4 times as wide inside, then N x

    Residual ones are those of SimBa (Lee et al., arXiv 2410.09754), which also normalises observations
    (``agent.normalise``). We differ in the initial weights (`bounds`), and in critics as wide as actors.

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
        self.block = family.block
        self.layers, self.norms, self.heads = build(family, channels)
        every = [*self.layers, *self.heads]
        known = all(type(layer) is RelaxedLinear for layer in every)  # a subclass may do something else
        self.applies = known and any(cast(RelaxedLinear, layer).product is not None for layer in every)

    def forward(self, x: Tensor) -> list[Tensor]:
        """One output for each head."""
        batch, x = x.shape[:-1], x.reshape(-1, x.shape[-1])
        if self.applies and pays(len(x)):
            columns = self.through(x.t()[None, :, None], _columns, _columns)
            outputs = [column.flatten(1, 2).transpose(1, 2) for column in columns]
        else:
            outputs = self.through(x, _called, _called)
        return [output.reshape(len(output), *batch, output.shape[-1]) for output in outputs]

    def through(self, x: Tensor, layer: Applied, norm: Applied) -> list[Tensor]:
        """The same, where `layer(W, x)` is what a layer or a head makes of x, `norm(N, x)` what a norm does."""
        relu = nn.functional.relu
        if self.block == "residual":
            lift, *layers = self.layers
            *norms, last = self.norms
            x = layer(lift, x)
            for before, wide, narrow in zip(norms, layers[::2], layers[1::2], strict=True):
                x = x + layer(narrow, relu(layer(wide, norm(before, x))))
            x = norm(last, x)
        elif self.block == "norm":
            for each, after in zip(self.layers, self.norms, strict=True):
                x = relu(norm(after, layer(each, x)))
        else:
            for each in self.layers:
                x = relu(layer(each, x))
        return [layer(head, x) for head in self.heads]


def parameter_count(module: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _called(module: nn.Module, x: Tensor) -> Tensor:
    output: Tensor = module(x)
    return output


def _columns(module: nn.Module, x: Tensor) -> Tensor:
    return cast(RelaxedLinear | LayerNorm, module).columns(x)


def _build(
    in_rep: Representation,
    out_reps: Sequence[Representation],
    hidden: Representation,
    members: int,
    gain: float | None,
    family: Family,
    channels: int,
) -> Parts:
    def between(inputs: int, outputs: int) -> nn.Module:
        return family.linear(hidden, hidden, inputs, outputs, members=members, gain=gain)

    first = family.linear(in_rep, hidden, 1, channels, relax="output", members=members, gain=gain)
    layers, norms = nn.ModuleList([first]), 0
    if family.block == "residual":
        for _ in range(family.depth):
            layers.extend([between(channels, WIDER * channels), between(WIDER * channels, channels)])
        norms = family.depth + 1
    else:
        layers.extend(between(channels, channels) for _ in range(family.depth - 1))
        norms = family.depth if family.block == "norm" else 0
    heads = nn.ModuleList(family.linear(hidden, rep, channels, 1, members=members, gain=gain) for rep in out_reps)
    return layers, nn.ModuleList(family.layer_norm(hidden, channels, members) for _ in range(norms)), heads


def _channels(
    family: Family,
    dim: int,
    build: Callable[[Family, int], Parts],
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
