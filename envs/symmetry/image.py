"""How a group that moves the plane moves the pixels of an image."""

from __future__ import annotations

import numpy as np

from nearsym.envs.errors import SymmetryError

from .representation import Representation


def image_representation(plane: Representation, shape: tuple[int, int, int]) -> Representation:
    """The permutation of pixels that goes with mirrors and quarter turns of the plane.

        (ρ(g) f)(p) = f(g⁻¹ p)

    Pixels are points: p = (x, y) with x to the right and y upwards, from the image's centre, so that flips and quarter
    turns take pixels to pixels and nothing is interpolated. Channels stay where they are.

    Args:
        plane: representation on (x, y), signed permutations.
        shape: (channels, height, width) of the flattened image.

    Returns:
        A permutation representation of dimension channels·height·width.

    Raises:
        SymmetryError: another angle, or quarter turns of an image that is not square.
    """
    channels, height, width = shape
    if plane.dim != 2:
        raise SymmetryError(f"an image plane has 2 coordinates, the representation acts on {plane.dim}")
    if not plane.is_signed_permutation:
        raise SymmetryError(
            f"{plane.group.name} turns the plane by angles that take pixels between pixels; declare the subgroup of "
            "mirrors and quarter turns"
        )
    index, sign = plane.arrays
    if height != width and (index != np.arange(2)).any():
        raise SymmetryError(
            f"quarter turns need a square image, got {height}x{width}; crop it, or declare mirrors alone"
        )
    row, column = np.indices((height, width))
    # twice the distance from the centre, a whole number
    point = np.stack([2 * column - (width - 1), (height - 1) - 2 * row])
    sources = []
    for g in range(plane.group.rows):
        # (g⁻¹ p)[index[i]] = sign[i] p[i]
        source = np.empty_like(point)
        source[index[g]] = sign[g][:, None, None] * point
        x, y = source
        pixel = ((height - 1) - y) // 2 * width + (x + (width - 1)) // 2
        sources.append(np.arange(channels)[:, None] * (height * width) + pixel.reshape(1, -1))
    return Representation.signed_permutation(plane.group, np.stack([source.ravel() for source in sources]))
