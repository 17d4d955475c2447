"""In which numbers images are read."""

from __future__ import annotations

import torch

PRECISIONS = ("auto", "float32", "bfloat16")


def precision_of_images(asked: str, device: torch.device) -> torch.dtype | None:
    """The type of an image encoder's products, None for that of its parameters.

    bfloat16 has the range of float32 and 8 of its 24 digits of two. GPUs that have it multiply it several times as
    fast; ``auto`` takes it there, and float32 on everything else.
    """
    if asked == "auto":
        there = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if there else None
    return torch.bfloat16 if asked == "bfloat16" else None
