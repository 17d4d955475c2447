"""Convolutions: the linear layers of this package, with the taps of a kernel for a grid."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Representation, image_representation

from .families import Family
from .linear import ExpandedLinear, Linear


class Convolution(nn.Module):
    """A convolution without padding: one linear layer applied to every patch, rounded to the input's type.

    Where the layer expands to a matrix, that is the kernel of `torch.nn.functional.conv2d`; a layer that looks at its
    input is given the patches themselves.

    Example:
        >>> import torch
        >>> from nearsym.networks import PlainLinear
        >>> from nearsym.networks.conv import Convolution
        >>> Convolution(PlainLinear(3 * 25, 4), kernel_size=5, stride=2)(torch.zeros(6, 2, 3, 9, 9)).shape
        torch.Size([6, 2, 4, 3, 3])

    Args:
        kernel: from (input planes · taps) to output planes.
        kernel_size: taps along each side.
        stride: step of the output's grid.
    """

    def __init__(self, kernel: Linear, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.kernel_size, self.stride = kernel, kernel_size, stride

    def forward(self, x: Tensor) -> Tensor:
        """(..., output planes, height', width') from (..., input planes, height, width).

        Raises:
            InputError: the stride would leave pixels out on one side only.
        """
        check_stride(x.shape[-2:], self.kernel_size, self.stride)
        batch, x = x.shape[:-3], x.reshape(-1, *x.shape[-3:])
        y = self._convolved(x)
        return y.view(*batch, *y.shape[1:])

    def _convolved(self, x: Tensor) -> Tensor:
        if isinstance(self.kernel, ExpandedLinear):
            weight, bias = self.kernel.weight_and_bias()
            kernel = weight.view(weight.shape[1], -1, self.kernel_size, self.kernel_size).to(x.dtype)
            return nn.functional.conv2d(x, kernel, bias.view(-1).to(x.dtype), stride=self.stride)
        height, width = ((length - self.kernel_size) // self.stride + 1 for length in x.shape[-2:])
        patches = nn.functional.unfold(x, self.kernel_size, stride=self.stride).transpose(1, 2)
        exact = next(self.kernel.parameters(), x).dtype  # a layer that looks at its input is applied in its own type
        values: Tensor = self.kernel(patches.flatten(0, 1).to(exact)).squeeze(0).to(x.dtype)
        return values.view(len(x), height, width, -1).permute(0, 3, 1, 2)


class Conv2d(Convolution):
    """Convolution of feature maps that turn and move together, without padding.

        lift    f'(x, g) = Σ_y Σ_l w_l(g) ψ_l(g⁻¹(y - x)) f(y)
        group   f'(x, g) = Σ_h Σ_y Σ_l w_l(h) ψ_l(g⁻¹(y - x), g⁻¹h) f(y, h)

    The layer is the family's, to the representation of the output from that of the input times the permutation of
    the kernel's taps. So relaxed weights, penalties and readings are those of `RelaxedLinear`, and with plain layers
    this is `torch.nn.Conv2d`.

    Example:
        >>> import torch
        >>> from nearsym.envs.symmetry import Representation, Symmetry
        >>> from nearsym.networks import Conv2d, Exact
        >>> plane = Symmetry.reflection(observation=[-1, 1], action=[-1]).observation.rep
        >>> pixel, regular = Representation.trivial(plane.group), Representation.regular(plane.group)
        >>> lift = Conv2d(plane, pixel, regular, 3, 4, Exact(), relax="output")
        >>> lift(torch.zeros(5, 3, 9, 9)).shape
        torch.Size([5, 8, 7, 7])

    Args:
        plane: representation on the plane (x to the right, y upwards), signed permutations.
        in_rep: representation on the values of one input channel: trivial for an image, regular for feature maps.
        out_rep: the same of the output.
        in_channels: number of input channels; plane ``c·in_rep.dim + i`` of the input is coordinate i of channel c.
        out_channels: number of output channels, laid out likewise.
        family: which network.
        kernel_size: taps along each side.
        stride: step of the output's grid.
        relax: the side relaxed weights belong to.
        gain: see `bounds`.

    Attributes:
        in_rep: representation on the values of one input channel.
        out_rep: the same of the output.

    Shapes: (..., in_channels·in_rep.dim, height, width) to (..., out_channels·out_rep.dim, height', width').
    """

    def __init__(
        self,
        plane: Representation,
        in_rep: Representation,
        out_rep: Representation,
        in_channels: int,
        out_channels: int,
        family: Family,
        kernel_size: int = 3,
        stride: int = 1,
        relax: str = "input",
        gain: float | None = None,
    ) -> None:
        taps = image_representation(plane, (1, kernel_size, kernel_size))
        kernel = family.linear(in_rep, out_rep, in_channels, out_channels, relax=relax, grid=taps, gain=gain)
        super().__init__(kernel, kernel_size, stride)
        self.in_rep, self.out_rep = in_rep, out_rep


def check_stride(size: tuple[int, ...], kernel_size: int, stride: int) -> None:
    """Check that a strided convolution covers an image from edge to edge, so that its mirror image is treated alike.

    Raises:
        InputError: it does not; names the sizes that would fit.
    """
    for length in size:
        if length < kernel_size or (length - kernel_size) % stride:
            fit = kernel_size + int(np.ceil(max(length - kernel_size, 0) / stride)) * stride
            raise InputError(
                f"a convolution with kernel {kernel_size} and stride {stride} leaves out pixels on one side of an "
                f"image of {size[0]}x{size[1]}, which is not symmetric; the next good size is {fit}"
            )
