"""Stacking the last frames of an environment that observes images."""

from __future__ import annotations

from collections import deque
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

from .declare import symmetry_of

Frames = NDArray[np.uint8]


class FrameStack(gymnasium.Wrapper[Frames, Any, Frames, Any]):
    """Observes the last `frames` frames as one image of shape (frames·channels, height, width), oldest first.

    An episode begins with its first frame repeated. Frames of shape (height, width, channels) are turned over. A
    symmetry declared on the frame's plane goes over to the stack.

    Args:
        env: an environment that observes uint8 images.
        frames: number of frames.

    Raises:
        InputError: observations are no uint8 images, or frames is below 1.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], frames: int = 3) -> None:
        super().__init__(env)
        space = env.observation_space
        if not is_image(space):
            raise InputError(f"{env} observes {space}; expected uint8 images of shape (height, width, channels)")
        assert isinstance(space, gymnasium.spaces.Box)  # an image
        if frames < 1:
            raise InputError(f"frames is {frames}, expected a whole number >= 1")
        self._last = space.shape[0] > space.shape[2]  # channels come last
        self.frames = frames
        one = self._turned(np.zeros(space.shape, dtype=np.uint8)).shape
        shape = (frames * one[0], one[1], one[2])
        self.observation_space = gymnasium.spaces.Box(0, 255, shape, np.uint8)
        self._stack: deque[Frames] = deque(maxlen=frames)
        declared = symmetry_of(env)
        self.symmetry = None if declared is None else declared.resized(shape)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Frames, dict[str, Any]]:
        """Start an episode."""
        frame, info = self.env.reset(seed=seed, options=options)
        return self._filled(frame), info

    def step(self, action: Any) -> tuple[Frames, Any, bool, bool, dict[str, Any]]:
        """One step."""
        frame, reward, terminated, truncated, info = self.env.step(action)
        self._stack.append(self._turned(frame))
        return np.concatenate(self._stack), reward, terminated, truncated, info

    def set_state(self, state: NDArray[np.float64]) -> Frames | None:
        """Put the environment into a state, as if it had rested there; returns the stack where the frame is told."""
        frame = self.env.get_wrapper_attr("set_state")(state)
        return None if frame is None else self._filled(frame)

    def _filled(self, frame: Frames) -> Frames:
        self._stack.extend([self._turned(frame)] * self.frames)
        return np.concatenate(self._stack)

    def _turned(self, frame: Frames) -> Frames:
        return np.ascontiguousarray(frame.transpose(2, 0, 1)) if self._last else np.asarray(frame)


def is_image(space: gymnasium.Space[Any]) -> bool:
    """Whether a space holds uint8 images of three dimensions."""
    return isinstance(space, gymnasium.spaces.Box) and space.dtype == np.uint8 and len(space.shape) == 3
