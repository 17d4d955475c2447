"""Replay buffers of either kind: as arrays for a checkpoint, and a look into them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer, ReplayBuffer

from nearsym.envs.errors import InputError

from .frame_replay import FrameReplayBuffer

ARRAYS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


def replay_arrays(buffer: BaseBuffer | None) -> dict[str, NDArray[Any]]:
    """The filled part of a buffer.

    Raises:
        InputError: a kind of buffer that checkpoints do not hold.
    """
    if isinstance(buffer, FrameReplayBuffer):
        return buffer.arrays()
    plain = _plain(buffer)
    arrays = {name: getattr(plain, name)[: plain.size()] for name in ARRAYS}
    return {**arrays, "position": np.array(plain.pos)}


def restore_replay(buffer: BaseBuffer | None, arrays: dict[str, NDArray[Any]]) -> None:
    """Put back what `replay_arrays` gave.

    Raises:
        InputError: it belongs to another buffer.
    """
    if isinstance(buffer, FrameReplayBuffer):
        buffer.restore(arrays)
        return
    plain = _plain(buffer)
    filled = len(arrays["observations"])
    for name in ARRAYS:
        target = getattr(plain, name)
        if arrays[name].shape != (filled, *target.shape[1:]) or filled > len(target):
            raise InputError(f"replayed {name} have shape {arrays[name].shape}, the agent's buffer has {target.shape}")
        target[:filled] = arrays[name]
    plain.full = filled == plain.buffer_size
    plain.pos = int(arrays["position"]) if plain.full else filled


def replayed(
    buffer: BaseBuffer | None, count: int, generator: np.random.Generator
) -> tuple[NDArray[Any], NDArray[Any]]:
    """`count` stored observations, flattened, with the actions taken there; none from an empty buffer."""
    if buffer is None or buffer.size() < 2:
        return np.zeros((0, 0)), np.zeros((0, 0))
    if isinstance(buffer, FrameReplayBuffer):
        entries = buffer.draw(count, generator)
        actions = buffer.actions[(entries + 1) % buffer.buffer_size]
        return buffer.stack(entries).reshape(count, -1), actions
    plain = _plain(buffer)
    pick = generator.integers(plain.size(), size=count)
    return plain.observations[pick, 0].reshape(count, -1), plain.actions[pick, 0]


def _plain(buffer: BaseBuffer | None) -> ReplayBuffer:
    if type(buffer) is not ReplayBuffer:
        raise InputError(
            f"checkpoints hold a ReplayBuffer or a FrameReplayBuffer, the agent has a {type(buffer).__name__}"
        )
    return buffer
