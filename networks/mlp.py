"""The multilayer perceptron that every actor and critic is: lift, group layers, projections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation

from .features import hidden_representation
from .linear import Linear, PlainLinear, RelaxedLinear, ResidualLinear
from .settings import NetworkSettings


def linear(
    settings: NetworkSettings,
    in_rep: Representation,
    out_rep: Representation,
    in_channels: int = 1,
    out_channels: int = 1,
    *,
    relax: str = "input",
    grid: Representation | None = None,
    members: int = 1,
    gain: float | None = None,
) -> Linear:
    """The layer `settings.choice` names between two representations: the only place where choices differ.

    Arguments are those of `RelaxedLinear`.
    """
    if settings.choice == "plain":
        in_features = in_channels * in_rep.dim * (1 if grid is None else grid.dim)
        return PlainLinear(in_features, out_channels * out_rep.dim, members, gain)
    relaxed = settings.choice == "relaxed"
    layer = RelaxedLinear(
        in_rep,
        out_rep,
        in_channels,
        out_channels,
        banks=settings.banks if relaxed else 1,
        relaxed=relaxed,
        relax=relax,
        grid=grid,
        relax_positions=settings.relax_positions and grid is not None and relax == "input",
        relax_biases=settings.relax_biases,
        members=members,
        gain=gain,
    )
    return ResidualLinear(layer) if settings.choice == "rpp" else layer


class MLP(nn.Module):
    """Hidden layers with ReLU on `hidden_representation`, then one linear head for each output.

    Args:
        in_rep: representation on the input.
        out_reps: representation on the output of each head.
        settings: choice, width, depth and banks; see `NetworkSettings`.
        members: number of independent networks computed at once.
        gain: of the initial weights; see `bounds`.

    Shapes: input (batch, in_rep.dim), outputs (members, batch, out_rep.dim).
    """

    def __init__(
        self,
        in_rep: Representation,
        out_reps: Sequence[Representation],
        settings: NetworkSettings,
        members: int = 1,
        gain: float | None = None,
    ) -> None:
        super().__init__()
        hidden = hidden_representation(in_rep)
        build = partial(_build, in_rep, out_reps, hidden, members, gain)
        channels = _channels(settings, hidden.dim, build)
        self.width = channels * hidden.dim
        self.layers, self.heads = build(settings, channels)

    def forward(self, x: Tensor) -> list[Tensor]:
        """One output for each head."""
        for layer in self.layers:
            x = nn.functional.relu(layer(x))
        return [head(x) for head in self.heads]


def parameter_count(module: nn.Module) -> int:
    """Number of trainable parameters."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _build(
    in_rep: Representation,
    out_reps: Sequence[Representation],
    hidden: Representation,
    members: int,
    gain: float | None,
    settings: NetworkSettings,
    channels: int,
) -> tuple[nn.ModuleList, nn.ModuleList]:
    first = linear(settings, in_rep, hidden, 1, channels, relax="output", members=members, gain=gain)
    layers = nn.ModuleList([first])
    for _ in range(settings.depth - 1):
        layers.append(linear(settings, hidden, hidden, channels, channels, members=members, gain=gain))
    heads = nn.ModuleList(linear(settings, hidden, rep, channels, 1, members=members, gain=gain) for rep in out_reps)
    return layers, heads


def _channels(
    settings: NetworkSettings,
    dim: int,
    build: Callable[[NetworkSettings, int], tuple[nn.ModuleList, nn.ModuleList]],
) -> int:
    """Channels of `dim` coordinates each that make up the layer width, or match plain's parameter count."""
    channels = round(settings.width / dim)
    if channels < 1:
        raise InputError(
            f"network.width={settings.width} is less than one hidden channel, which takes {dim} units for this "
            f"symmetry; use network.width={dim} or a multiple of it"
        )
    if not settings.match_parameters or settings.choice == "plain":
        return channels

    def size(choice: str, channels: int) -> int:
        return sum(parameter_count(part) for part in build(replace(settings, choice=choice), channels))

    target = size("plain", channels)
    low, high = 1, channels
    while size(settings.choice, high) < target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(settings.choice, middle) < target else (low, middle)
    return min((low, high), key=lambda c: abs(size(settings.choice, c) - target))
