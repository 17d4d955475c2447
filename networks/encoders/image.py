"""From a stack of frames to a feature map, as in DrQ-v2, and from that to a vector."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Image, Observation, Representation, image_representation

from ..conv import Conv2d, check_stride
from ..families import Family
from ..features import hidden_representation
from .encoder import FEATURES, FILTERS, Encoder, Trunk, encodes, follows, refuse_matching

LAYERS = 4
KERNEL = 3
FIRST_STRIDE = 2
SMALLEST = KERNEL + FIRST_STRIDE * (LAYERS - 1) * (KERNEL - 1)  # leaves one position

HEAD_GAIN = 1.0
"""Of the initial weights of trunk and heads: that of DrQ-v2's orthogonal ones."""


@dataclass(frozen=True)
class FeatureMap(Observation):
    """Planes of features that turn and move together: plane ``c·channel.dim + i`` is coordinate i of channel c.

    Attributes:
        channel: representation on the values of one channel.
        channels: number of channels.
        grid: how positions move.
    """

    channel: Representation
    channels: int
    grid: Representation

    @cached_property
    def rep(self) -> Representation:  # type: ignore[override]
        """Permutation of the flattened planes."""
        return self.channel.tensor_product(self.grid).copies(self.channels)


@encodes(Image)
class ImageEncoder(Encoder):
    """Four 3x3 convolutions, the first of stride 2, each followed by a ReLU.

    The architecture of Yarats et al., "Mastering Visual Continuous Control" (DrQ-v2, arXiv 2107.09645), with feature
    maps that carry the regular representation: `filters` planes in all, whatever the family.

    In a `precision` of its own, images and kernels are rounded to it just before they meet, channels last, the order
    that GPUs have fast products for. Parameters, and what is made of them, stay as they are: a kernel's tied weights
    are rounded alike, so that an exact encoder errs by the rounding of its sums alone.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Relaxed, encoder_for
        >>> mirror = Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(9, 29, 29))
        >>> encoder = encoder_for(mirror.observation, Relaxed(), filters=8)
        >>> encoder(torch.zeros(5, 2, 9, 29, 29, dtype=torch.uint8)).shape
        torch.Size([5, 2, 8, 8, 8])

    Args:
        observation: the images.
        family: which network.
        filters: planes of each feature map; 32 in DrQ-v2.

    Shapes: uint8 (..., channels, height, width) to (..., filters, height', width').

    Raises:
        InputError: images are too small, pixels would be left out on one side, there are fewer filters than elements
            of the group, or sizes are to be matched.
    """

    out: FeatureMap

    def __init__(self, observation: Image, family: Family, filters: int = FILTERS) -> None:
        refuse_matching(family)
        hidden = hidden_representation(observation.plane)
        channels = whole_channels("filters", filters, hidden)
        super().__init__(observation, FeatureMap(hidden, channels, _output_grid(observation)))
        plane, pixel = observation.plane, Representation.trivial(observation.group, 1)
        gain = math.sqrt(2)
        inputs = observation.shape[0]
        first = Conv2d(plane, pixel, hidden, inputs, channels, family, KERNEL, FIRST_STRIDE, "output", gain)
        self.layers = nn.ModuleList([first])
        for _ in range(LAYERS - 1):
            self.layers.append(Conv2d(plane, hidden, hidden, channels, channels, family, gain=gain))

    def forward(self, images: Tensor) -> Tensor:
        """The last feature map, of the parameters' type."""
        x = images.to(self._dtype()) / 255 - 0.5
        if self.precision is not None:
            x = x.to(self.precision).movedim(-3, -1).clone(memory_format=torch.contiguous_format).movedim(-1, -3)
        for layer in self.layers:
            x = nn.functional.relu(layer(x))
        return x if self.precision is None else x.to(self._dtype()).clone(memory_format=torch.contiguous_format)

    def _dtype(self) -> torch.dtype:
        return next(itertools.chain(self.parameters(), self.buffers())).dtype


@follows(FeatureMap)
class ImageTrunk(Trunk):
    """A feature map squeezed to a short vector: linear, LayerNorm, tanh, as in DrQ-v2.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Symmetry
        >>> from nearsym.networks import Relaxed, encoder_for, trunk_for
        >>> mirror = Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(9, 29, 29))
        >>> encoder = encoder_for(mirror.observation, Relaxed(), filters=8)
        >>> trunk = trunk_for(encoder, Relaxed(), size=16)
        >>> trunk(encoder(torch.zeros(5, 9, 29, 29, dtype=torch.uint8))).shape
        torch.Size([5, 16])

    Args:
        features: the feature map.
        family: which network.
        size: length of the vector; rounded to a multiple of the regular representation.

    Shapes: (..., planes, height, width) to (..., size).

    Raises:
        InputError: the vector is shorter than one channel.
    """

    head_gain = HEAD_GAIN

    def __init__(self, features: FeatureMap, family: Family, size: int = FEATURES) -> None:
        hidden, grid = features.channel, features.grid
        channels = whole_channels("features", size, hidden)
        super().__init__(features.rep, hidden.copies(channels))
        self.layer = family.linear(hidden, hidden, features.channels, channels, grid=grid, gain=HEAD_GAIN)
        self.norm = family.layer_norm(hidden, channels)

    def forward(self, features: Tensor) -> Tensor:
        """The vector."""
        flat = features.reshape(-1, self.in_rep.dim)
        x = torch.tanh(self.norm(self.layer(flat).squeeze(0)))
        return x.view(*features.shape[:-3], self.out_rep.dim)


def whole_channels(name: str, size: int, rep: Representation) -> int:
    """How many channels of `rep` come nearest to `size` coordinates.

    Raises:
        InputError: not even one.
    """
    channels = round(size / rep.dim)
    if channels < 1:
        raise InputError(f"{name}={size} is less than one channel, which takes {rep.dim} for {rep.group.name}")
    return channels


def _output_grid(observation: Image) -> Representation:
    """How positions of the last feature map move."""
    height, width = observation.shape[1:]
    if min(height, width) < SMALLEST:
        raise InputError(f"images of {height}x{width} are too small for this encoder, which needs {SMALLEST} pixels")
    for stride in (FIRST_STRIDE, *[1] * (LAYERS - 1)):
        check_stride((height, width), KERNEL, stride)
        height, width = ((length - KERNEL) // stride + 1 for length in (height, width))
    return image_representation(observation.plane, (1, height, width))
