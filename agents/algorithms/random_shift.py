"""Random shifts, the augmentation of DrQ."""

from __future__ import annotations

import torch
from torch import Tensor

PAD = 4
"""Largest shift in pixels."""


def draw_shifts(count: int, device: torch.device, pad: int = PAD) -> Tensor:
    """Shifts down and to the right of `count` images, in pixels: (2, count, 1), each uniform on {-pad, …, pad}.

    The set of shifts is itself closed under mirrors and quarter turns, so the augmentation is equivariant in
    distribution: the shifts of a turned image are the turned shifts of the image. Yarats et al. (arXiv 2107.09645);
    theirs samples bilinearly at whole pixels, which is the same.
    """
    return torch.randint(-pad, pad + 1, (2, count, 1), device=device)


def shifted(images: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Images moved by whole pixels, with the pixels at their edges repeated.

        x'(p) = x(clamp(p + d))

    Args:
        images: (batch, channels, height, width), of any dtype.
        down: (batch, 1) pixels.
        right: (batch, 1) pixels.

    Returns:
        Images of the same shape and dtype.
    """
    batch, channels, height, width = images.shape
    rows = (torch.arange(height, device=images.device) + down).clamp(0, height - 1)
    columns = (torch.arange(width, device=images.device) + right).clamp(0, width - 1)
    index = rows.unsqueeze(2) * width + columns.unsqueeze(1)
    flat = images.reshape(batch, channels, height * width)
    moved = flat.gather(2, index.view(batch, 1, -1).expand(-1, channels, -1))
    return moved.view_as(images)
