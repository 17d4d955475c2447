"""Steerable convolutions on escnn's kernel bases, for groups that turn the plane by other angles than quarter turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nearsym.envs.errors import InputError

from .conv import Convolution
from .families import Family
from .steerable_kernel import quiet

if TYPE_CHECKING:
    from escnn.gspaces import GSpace
    from escnn.nn import FieldType

MAX_FREQUENCY = 8
"""Of the irreducible representations known for the continuous groups."""


class SteerableConv2d(Convolution):
    """Convolution between steerable fields, without padding, for the families that have them.

    Example:
        >>> import torch
        >>> from nearsym.networks import Exact, SteerableConv2d
        >>> from nearsym.networks.steerable import field, space
        >>> plane = space("C8")
        >>> lift = SteerableConv2d(field(plane, 3, "trivial"), field(plane, 2), Exact())
        >>> lift(torch.zeros(6, 3, 9, 9)).shape
        torch.Size([6, 16, 5, 5])

    Args:
        in_type: escnn's type of the input field, such as `field`'s.
        out_type: of the output field.
        family: which network; plain and rpp have kernels of the same shape that obey no symmetry.
        kernel_size: taps along each side; 5 samples rotations by eighths decently, 3 does not.
        stride: step of the output's grid.

    Attributes:
        in_type: representations on the input's fields, as escnn has them.
        out_type: on the output's.

    Shapes: (..., in_type.size, height, width) to (..., out_type.size, height', width').

    Raises:
        InputError: escnn is not installed.
    """

    def __init__(
        self,
        in_type: FieldType,
        out_type: FieldType,
        family: Family,
        kernel_size: int = 5,
        stride: int = 1,
    ) -> None:
        super().__init__(family.steerable_kernel(in_type, out_type, kernel_size), kernel_size, stride)
        self.in_type, self.out_type = in_type, out_type


def space(name: str) -> GSpace:
    """The plane with a group that moves it: ``C8``, ``D8``, or any other number; ``SO2``, ``O2``.

    Raises:
        InputError: another name, or escnn is not installed.
    """
    try:
        with quiet():
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
    with quiet():
        from escnn.nn import FieldType
    if kind == "trivial":
        return FieldType(group, [group.trivial_repr] * channels)
    if group.fibergroup.continuous:
        irreps = group.fibergroup.bl_irreps(1)
        return FieldType(group, [group.fibergroup.spectral_regular_representation(*irreps)] * channels)
    return FieldType(group, [group.regular_repr] * channels)
