"""The filled part of a stable-baselines3 buffer as arrays, for checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from stable_baselines3.common.buffers import BaseBuffer

from nearsym.agents.algorithms.experience import Arrays
from nearsym.envs.errors import InputError


def stored(buffer: BaseBuffer, names: Sequence[str]) -> Arrays:
    """The named arrays of a buffer as far as they are filled, and the position of its next entry."""
    return {name: getattr(buffer, name)[: buffer.size()] for name in names} | {"position": np.array(buffer.pos)}


def restore(buffer: BaseBuffer, names: Sequence[str], arrays: Arrays) -> None:
    """Put back what `stored` gave.

    Raises:
        InputError: it belongs to another buffer.
    """
    filled = len(arrays[names[0]])
    for name in names:
        target = getattr(buffer, name)
        if arrays[name].shape != (filled, *target.shape[1:]) or filled > len(target):
            raise InputError(f"replayed {name} have shape {arrays[name].shape}, the agent's buffer has {target.shape}")
        target[:filled] = arrays[name]
    buffer.full = filled == buffer.buffer_size
    buffer.pos = int(arrays["position"]) if buffer.full else filled
