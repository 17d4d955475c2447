"""Relaxed weights for the steps of a window of time."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from .relaxed_weights import RelaxedWeights


class TimeWeights(nn.Module):
    """One relaxed weight for each step of a window.

        f'(t) = v(t) f(t)

    All are 1 at the start (`RelaxedWeights`, the steps for an orbit). A convolution after it commutes with shifts in
    time exactly when v is constant, so v says which steps the network has learned to treat apart.

    Example:
        >>> import torch
        >>> from nearsym.networks.time_weights import TimeWeights
        >>> bool((TimeWeights(8)(torch.ones(5, 3, 8)) == 1).all())
        True

    Args:
        steps: length of the window.

    Shapes: (..., steps) to the same.
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.relaxed_weights = RelaxedWeights([np.arange(steps)], (), learned=True)

    def forward(self, x: Tensor) -> Tensor:
        """The window, weighted."""
        return x * self.relaxed_weights()
