"""Random shifts, the augmentation of DrQ."""

from __future__ import annotations

import torch
from torch import Tensor

PAD = 4
"""Largest shift in pixels."""


def random_shift(images: Tensor, pad: int = PAD) -> Tensor:
    """Shift each image by up to `pad` pixels along each axis, repeating the pixels at its edges.

        x'(p) = x(clamp(p + d)),   d uniform on {-pad, …, pad}²

    The set of shifts is itself closed under mirrors and quarter turns, so the augmentation is equivariant in
    distribution: the shifts of a turned image are the turned shifts of the image. Yarats et al. (arXiv 2107.09645);
    theirs samples bilinearly at whole pixels, which is the same.

    Args:
        images: (batch, channels, height, width), of any dtype.
        pad: largest shift.

    Returns:
        The shifted images, of the same shape and dtype. Draws from torch's generator of the images' device.
    """
    shift = torch.randint(-pad, pad + 1, (2, len(images), 1), device=images.device)
    return shifted(images, shift[0], shift[1])


def shifted(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Images moved by (batch, 1) whole pixels."""
    batch, channels, height, width = images.shape
    rows = (torch.arange(height, device=images.device) + down).clamp(0, height - 1)
    columns = (torch.arange(width, device=images.device) + right).clamp(0, width - 1)
    index = rows.unsqueeze(2) * width + columns.unsqueeze(1)
    flat = images.reshape(batch, channels, height * width)
    moved = flat.gather(2, index.view(batch, 1, -1).expand(-1, channels, -1))
    return moved.view_as(images)
