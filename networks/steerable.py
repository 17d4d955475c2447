"""Steerable convolutions on escnn's kernel bases, for groups that turn the plane by other angles than quarter turns."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from nearsym.envs.errors import InputError

from .conv import Convolution
from .linear import Linear, PlainLinear, ResidualLinear
from .relaxed_weights import RelaxedWeights
from .settings import NetworkSettings

if TYPE_CHECKING:
    from escnn.gspaces import GSpace
    from escnn.nn import FieldType

MAX_FREQUENCY = 8
"""Of the irreducible representations known for the continuous groups."""


class SteerableKernel(Linear):
    """The kernel of a steerable convolution, with relaxed weights on its positions.

        kernel(y) = 1/L Σ_l w_l(y) ⊙ (Σ_b c_{l,b} K_b(y))

    K_b is escnn's basis of the kernels that commute with the group (Cesa, Lang & Weiler, "A Program to Build
    E(N)-Equivariant Steerable CNNs", 2022). All w_l are 1 at the start, so the layer starts as equivariant as its
    sampled basis; it stays so while each w_l is the same at all positions of one radius. Relaxed steerable convolution:
    Wang, Walters & Yu (arXiv 2201.11969).

    Of escnn only the basis is used: its layers expand their kernel once in ``eval()`` and keep it, so that a target
    network updated by Polyak steps would never change.

    Args:
        in_type: escnn's type of the input field.
        out_type: of the output field.
        kernel_size: taps along each side.
        banks: number of filter banks L.
        relaxed: learn w.
    """

    bias_basis: Tensor
    squared_radius: Tensor

    def __init__(self, in_type: FieldType, out_type: FieldType, kernel_size: int, banks: int, relaxed: bool) -> None:
        taps = kernel_size**2
        super().__init__(in_type.size * taps, out_type.size, 1)
        with _quiet():
            from escnn.nn import R2Conv

            layers = [R2Conv(in_type, out_type, kernel_size) for _ in range(banks)]
        first = layers[0]
        self.basis: nn.Module = first.basisexpansion
        self.coefficients = nn.Parameter(torch.stack([layer.weights.detach() for layer in layers]) * math.sqrt(banks))
        expansion = torch.zeros(out_type.size, 0) if first.bias is None else first.bias_expansion.detach().clone()
        self.register_buffer("bias_basis", expansion, persistent=False)
        self.bias_filters = nn.Parameter(torch.zeros(expansion.shape[1]))
        reach = torch.arange(kernel_size) - (kernel_size - 1) / 2
        self.register_buffer("squared_radius", (reach[:, None] ** 2 + reach**2).flatten(), persistent=False)
        rings = [torch.nonzero(self.squared_radius == r).flatten().numpy() for r in torch.unique(self.squared_radius)]
        self.relaxed_weights = RelaxedWeights(rings, (banks,), relaxed)

    def expand(self) -> tuple[Tensor, Tensor]:
        """W (1, out planes, in planes·taps) and b (1, out planes)."""
        kernels = [self.basis(c) * w for c, w in zip(self.coefficients, self.relaxed_weights(), strict=True)]
        weight = torch.stack(kernels).mean(dim=0)
        return weight.reshape(1, self.out_features, self.in_features), (self.bias_basis @ self.bias_filters)[None]


class SteerableConv2d(Convolution):
    """Convolution between steerable fields, without padding, for every network choice.

    Args:
        in_type: escnn's type of the input field, such as `field`'s.
        out_type: of the output field.
        settings: which network; plain and rpp have kernels of the same shape that obey no symmetry.
        kernel_size: taps along each side; 5 samples rotations by eighths decently, 3 does not.
        stride: step of the output's grid.

    Shapes: (batch, in_type.size, height, width) to (batch, out_type.size, height', width').

    Raises:
        InputError: escnn is not installed.
    """

    def __init__(
        self,
        in_type: FieldType,
        out_type: FieldType,
        settings: NetworkSettings,
        kernel_size: int = 5,
        stride: int = 1,
    ) -> None:
        if settings.choice == "plain":
            kernel: Linear = PlainLinear(in_type.size * kernel_size**2, out_type.size)
        else:
            relaxed = settings.choice == "relaxed"
            kernel = SteerableKernel(in_type, out_type, kernel_size, settings.banks if relaxed else 1, relaxed)
            kernel = ResidualLinear(kernel) if settings.choice == "rpp" else kernel
        super().__init__(kernel, kernel_size, stride)


def space(name: str) -> GSpace:
    """The plane with a group that moves it: ``C8``, ``D8``, or any other number; ``SO2``, ``O2``.

    Raises:
        InputError: another name, or escnn is not installed.
    """
    try:
        with _quiet():
            from escnn import gspaces
            from escnn.group import _numerical
    except ImportError as error:
        raise InputError(
            f"steerable convolutions need escnn ({error}); pip install joblib lie_learn 'numpy<2' and then "
            "pip install --no-deps escnn"
        ) from error
    # where scikit-learn is installed escnn takes its randomized SVD, which since 1.2 refuses the np.matrix that escnn
    # gives it; without it escnn takes scipy's, which is also the deterministic one
    _numerical.randomized_svd = None
    if name == "SO2":
        return gspaces.rot2dOnR2(-1, maximum_frequency=MAX_FREQUENCY)
    if name == "O2":
        return gspaces.flipRot2dOnR2(-1, maximum_frequency=MAX_FREQUENCY)
    kind, order = name[:1], name[1:]
    if kind not in ("C", "D") or not order.isdigit() or int(order) < 1:
        raise InputError(f"there is no group {name!r} of the plane; expected C8, D8 or another number, SO2 or O2")
    if kind == "C":
        return gspaces.rot2dOnR2(int(order))
    return gspaces.flip2dOnR2() if order == "1" else gspaces.flipRot2dOnR2(int(order))


def field(group: GSpace, channels: int, kind: str = "regular") -> FieldType:
    """A field of `channels` channels: ``trivial`` as of an image, or ``regular``, on which ReLU is equivariant.

    For a continuous group, which has no finite regular representation, ``regular`` is its part up to frequency 1.
    """
    with _quiet():
        from escnn.nn import FieldType
    if kind == "trivial":
        return FieldType(group, [group.trivial_repr] * channels)
    if group.fibergroup.continuous:
        irreps = group.fibergroup.bl_irreps(1)
        return FieldType(group, [group.fibergroup.spectral_regular_representation(*irreps)] * channels)
    return FieldType(group, [group.regular_repr] * channels)


@contextmanager
def _quiet() -> Iterator[None]:
    """Escnn and what it imports warn of their own insides."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
