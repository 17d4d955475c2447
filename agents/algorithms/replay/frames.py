"""Replay of image observations that holds every frame once."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import BaseBuffer
from stable_baselines3.common.vec_env import VecNormalize

from nearsym.agents.algorithms.experience import Batch
from nearsym.envs.errors import InputError

from .stored import restore, stored

Images = NDArray[np.uint8]
Indices = NDArray[np.int64]


class FrameReplayBuffer(BaseBuffer):
    """Replay buffer for one environment's stacked frames that stores each frame once, uint8, and stacks when sampled.

    An entry is a frame with the action that led to it, the reward of that step, whether the episode terminated there,
    and its number in the episode; an episode of T steps takes T + 1 entries. The stack at an entry is its frame and
    those before it, the episode's first one repeated where it has none. Every transition whose frames are still there
    can be drawn, all equally likely; truncated episodes are bootstrapped from their last frame.

    stable-baselines3's own buffer stores two stacks a step: six copies of every frame.

    Args:
        buffer_size: frames held.
        observation_space: images (frames·channels, height, width), oldest frame first.
        action_space: a Box.
        device: of sampled tensors.
        frames: frames in a stack.
        n_steps: n of the n-step returns.
        discount: γ.

    Raises:
        InputError: channels are no multiple of the frames, or the size is below 2.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: gymnasium.Space[Any],
        action_space: gymnasium.Space[Any],
        device: torch.device | str = "auto",
        frames: int = 3,
        n_steps: int = 3,
        discount: float = 0.99,
    ) -> None:
        super().__init__(buffer_size, observation_space, action_space, device)
        shape = self.obs_shape
        if not (isinstance(shape, tuple) and len(shape) == 3 and shape[0] % frames == 0):
            raise InputError(f"observations of shape {shape} are no stack of {frames} frames (frames·channels first)")
        if buffer_size < 2:
            raise InputError(f"buffer_size is {buffer_size}, expected at least 2 frames")
        self.stacked, self.n_steps, self.discount = frames, n_steps, discount
        # empty pages cost nothing until they are written
        self.frames: Images = np.zeros((buffer_size, shape[0] // frames, *shape[1:]), dtype=np.uint8)
        self.actions = np.zeros((buffer_size, self.action_dim), dtype=np.float32)
        self.rewards = np.zeros(buffer_size, dtype=np.float32)
        self.terminated = np.zeros(buffer_size, dtype=bool)
        self.number = np.zeros(buffer_size, dtype=np.int32)
        self._over = True

    def add(
        self,
        obs: Images,
        next_obs: Images,
        action: NDArray[Any],
        reward: NDArray[Any],
        done: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """Append one step; the first of an episode appends its first frame too."""
        channels = self.frames.shape[1]
        last = obs[0][-channels:]
        # a reset that nobody announced, such as a second call of learn(), shows as another frame
        if self._over or not np.array_equal(last, self.frames[self.pos - 1]):
            self._append(last, np.zeros(self.action_dim), 0.0, False, 0)
        number = int(self.number[self.pos - 1]) + 1
        terminated = bool(done[0]) and not infos[0].get("TimeLimit.truncated", False)
        self._append(next_obs[0][-channels:], action[0], float(reward[0]), terminated, number)
        self._over = bool(done[0])

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> Batch:
        """`batch_size` transitions, uniformly, with replacement.

        Raises:
            InputError: rewards or observations are normalised, or nothing is stored yet.
        """
        if env is not None:
            raise InputError("a FrameReplayBuffer gives frames as they are; take the VecNormalize away")
        return self._get_samples(self.draw(batch_size))

    def draw(self, count: int, generator: np.random.Generator | None = None) -> Indices:
        """(count,) entries from which a transition starts, from `generator` or numpy's global one."""
        if self.size() < 2:
            raise InputError("the replay buffer holds no transition yet")
        draw = np.random.randint if generator is None else generator.integers
        found = np.zeros(0, dtype=np.int64)
        while len(found) < count:
            tried = np.asarray(draw(self.size(), size=count), dtype=np.int64)
            found = np.concatenate([found, tried[self._starts(tried)]])
        return found[:count]

    def stack(self, entries: Indices) -> Images:
        """(count, frames·channels, height, width) the observations at entries."""
        back = np.arange(self.stacked - 1, -1, -1)
        steps = np.minimum(back, self.number[entries][:, None])
        index = (entries[:, None] - steps) % self.buffer_size
        return self.frames[index].reshape(len(entries), *self.obs_shape)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What is stored, and where the next entry goes."""
        return {**stored(self, FILLED), "over": np.array(self._over)}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Put back what `arrays` gave.

        Raises:
            InputError: it belongs to another buffer.
        """
        restore(self, FILLED, arrays)
        self._over = bool(arrays["over"])

    def _append(self, frame: Images, action: NDArray[Any], reward: float, terminated: bool, number: int) -> None:
        k = self.pos
        self.frames[k], self.actions[k], self.rewards[k] = frame, action, reward
        self.terminated[k], self.number[k] = terminated, number
        self.pos = (k + 1) % self.buffer_size
        self.full = self.full or self.pos == 0

    def _age(self, entries: Indices) -> Indices:
        """How many entries are older."""
        return (entries - (self.pos if self.full else 0)) % self.buffer_size

    def _follows(self, entries: Indices, steps: int) -> NDArray[np.bool_]:
        """Whether the entry `steps` later is there and of the same episode."""
        later = (entries + steps) % self.buffer_size
        there = self._age(entries) + steps < self.size()
        return there & (self.number[later] == self.number[entries] + steps)

    def _starts(self, entries: Indices) -> NDArray[np.bool_]:
        """Whether a transition starts here whose frames are all still there."""
        whole = self._age(entries) >= np.minimum(self.number[entries], self.stacked - 1)
        return whole & self._follows(entries, 1)

    def _get_samples(self, batch_inds: Indices, env: VecNormalize | None = None) -> Batch:  # type: ignore[override]
        rewards = np.zeros(len(batch_inds), dtype=np.float32)
        discounts = np.ones(len(batch_inds), dtype=np.float32)
        last = batch_inds.copy()
        going = np.ones(len(batch_inds), dtype=bool)
        for step in range(1, self.n_steps + 1):
            going &= self._follows(batch_inds, step)
            entry = (batch_inds + step) % self.buffer_size
            rewards += np.where(going, discounts * self.rewards[entry], 0)
            last = np.where(going, entry, last)
            discounts *= np.where(going, self.discount, 1)
        discounts[self.terminated[last]] = 0
        return Batch(
            self.to_torch(self.stack(batch_inds), copy=False),
            self.to_torch(self.actions[(batch_inds + 1) % self.buffer_size], copy=False),
            self.to_torch(rewards, copy=False),
            self.to_torch(self.stack(last), copy=False),
            self.to_torch(discounts, copy=False),
        )


FILLED = ("frames", "actions", "rewards", "terminated", "number")
