"""Replay buffers: of vectors, and of frames that are stored once."""

from .frames import FrameReplayBuffer
from .replay import FrameReplay, Replay, VectorReplay

__all__ = ["FrameReplay", "FrameReplayBuffer", "Replay", "VectorReplay"]
