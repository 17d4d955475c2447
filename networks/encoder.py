"""From a stack of frames to a feature map, as in DrQ-v2, and from that to a vector."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, image_representation

from .conv import Conv2d, check_stride
from .families import Family
from .features import hidden_representation

LAYERS = 4
KERNEL = 3
FIRST_STRIDE = 2
SMALLEST = KERNEL + FIRST_STRIDE * (LAYERS - 1) * (KERNEL - 1)  # leaves one position


class Encoder(nn.Module):
    """Four 3x3 convolutions, the first of stride 2, each followed by a ReLU.

    The architecture of Yarats et al., "Mastering Visual Continuous Control" (DrQ-v2, arXiv 2107.09645), with feature
    maps that carry the regular representation: `filters` planes in all, whatever the family.

    Args:
        plane: representation on the image's plane.
        shape: (channels, height, width) of the images.
        family: which network.
        filters: planes of each feature map; 32 in DrQ-v2.

    Attributes:
        rep: representation on one channel of the output.
        channels: number of output channels.
        grid: how the positions of the output move.

    Shapes: uint8 (batch, channels, height, width) to (batch, channels·rep.dim, height', width').

    Raises:
        InputError: images are too small, pixels would be left out on one side, or there are fewer filters than elements
            of the group.
    """

    def __init__(self, plane: Representation, shape: tuple[int, int, int], family: Family, filters: int = 32) -> None:
        super().__init__()
        self.rep = hidden_representation(plane)
        self.channels = whole_channels("filters", filters, self.rep)
        pixel = Representation.trivial(plane.group, 1)
        gain = math.sqrt(2)
        self.layers = nn.ModuleList(
            [Conv2d(plane, pixel, self.rep, shape[0], self.channels, family, KERNEL, FIRST_STRIDE, "output", gain)]
        )
        for _ in range(LAYERS - 1):
            self.layers.append(Conv2d(plane, self.rep, self.rep, self.channels, self.channels, family, gain=gain))
        height, width = shape[1:]
        if min(height, width) < SMALLEST:
            raise InputError(
                f"images of {height}x{width} are too small for this encoder, which needs {SMALLEST} pixels"
            )
        for stride in (FIRST_STRIDE, *[1] * (LAYERS - 1)):
            check_stride((height, width), KERNEL, stride)
            height, width = ((length - KERNEL) // stride + 1 for length in (height, width))
        self.grid = image_representation(plane, (1, height, width))

    def forward(self, images: Tensor) -> Tensor:
        """The last feature map."""
        x = images.to(self._dtype()) / 255 - 0.5
        for layer in self.layers:
            x = nn.functional.relu(layer(x))
        return x

    def _dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype


class Trunk(nn.Module):
    """A feature map squeezed to a short vector: linear, LayerNorm, tanh, as in DrQ-v2.

    Args:
        encoder: gives the feature maps.
        family: which network.
        features: length of the vector; rounded to a multiple of the regular representation.

    Attributes:
        rep: representation on the vector.

    Shapes: (batch, channels·rep.dim, height, width) to (batch, features).
    """

    def __init__(self, encoder: Encoder, family: Family, features: int = 50) -> None:
        super().__init__()
        channels = whole_channels("features", features, encoder.rep)
        self.rep = encoder.rep.copies(channels)
        self.layer = family.linear(encoder.rep, encoder.rep, encoder.channels, channels, grid=encoder.grid, gain=1.0)
        self.norm = family.layer_norm(encoder.rep.dim, channels)

    def forward(self, feature_map: Tensor) -> Tensor:
        """The vector."""
        return torch.tanh(self.norm(self.layer(feature_map.flatten(1)).squeeze(0)))


def whole_channels(name: str, size: int, rep: Representation) -> int:
    """How many channels of `rep` come nearest to `size` coordinates.

    Raises:
        InputError: not even one.
    """
    channels = round(size / rep.dim)
    if channels < 1:
        raise InputError(f"{name}={size} is less than one channel, which takes {rep.dim} for {rep.group.name}")
    return channels
