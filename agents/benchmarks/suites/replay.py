"""Replay buffers beside stable-baselines3's: sampling batches, and the memory that a step takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.buffers import ReplayBuffer

from nearsym.agents.algorithms.replay.frames import FILLED, FrameReplayBuffer
from nearsym.agents.algorithms.replay.transitions import TransitionBuffer
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Row, Table, milliseconds, take_turns

STOCK, OURS = "stable-baselines3", "nearsym"
STORED = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
"""Arrays of stable-baselines3's buffer."""

ACTION = gymnasium.spaces.Box(-1, 1, (1,))
KINDS: dict[str, tuple[gymnasium.spaces.Box, Callable[..., Any], tuple[str, ...], int]] = {
    "vectors of 5 numbers": (gymnasium.spaces.Box(-1, 1, (5,)), TransitionBuffer, STORED, 10_000),
    "3 frames of 85x85": (gymnasium.spaces.Box(0, 255, (9, 85, 85), np.uint8), FrameReplayBuffer, FILLED, 1000),
}
"""What is stored, in which buffer of ours, in which of its arrays, and of how many steps."""


def measure(settings: BenchSettings) -> Iterator[Table]:
    """Batches drawn from full buffers; then bytes of a stored step."""
    torch.set_num_threads(settings.threads)
    batch = settings.agent.batch_size
    for stored, (space, kind, filled, steps) in KINDS.items():
        buffers: dict[str, Any] = {
            STOCK: ReplayBuffer(steps, space, ACTION, "cpu"),
            OURS: kind(steps, space, ACTION, "cpu"),
        }
        for buffer in buffers.values():
            _fill(buffer, space, steps)
        calls: dict[str, Callable[[], object]] = {
            name: partial(buffer.sample, batch) for name, buffer in buffers.items()
        }
        title, conditions = f"{stored}, batch {batch}, {settings.threads} thread(s)", {"stored": stored, "batch": batch}
        rows = milliseconds(take_turns(calls, settings.rounds))
        yield Table(f"sampling a batch: {title}", "ms", rows, conditions)
        held = {STOCK: STORED, OURS: filled}
        sizes = {
            name: sum(getattr(buffer, array).nbytes for array in held[name]) / steps for name, buffer in buffers.items()
        }
        memory = [Row(name, (size,), (size / sizes[STOCK],)) for name, size in sizes.items()]
        yield Table(f"a stored step: {stored}", "bytes", memory, conditions)


def _fill(buffer: Any, space: gymnasium.spaces.Box, steps: int) -> None:
    """Episodes of 100 steps."""
    generator = np.random.default_rng(0)
    low, high = space.low.min(), space.high.max()
    seen = generator.uniform(low, high, (2, 1, *space.shape)).astype(space.dtype)
    for step in range(steps):
        ended = np.array([step % 100 == 99])
        action = generator.uniform(-1, 1, (1, 1)).astype(np.float32)
        infos = [{"TimeLimit.truncated": bool(ended[0])}]
        buffer.add(seen[step % 2], seen[(step + 1) % 2], action, np.ones(1, np.float32), ended, infos)
