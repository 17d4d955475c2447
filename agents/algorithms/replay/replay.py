"""Replayed transitions as an algorithm's experience, of one environment or several."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import NStepReplayBuffer

from nearsym.agents.algorithms.experience import Arrays, Batch, Experience
from nearsym.agents.algorithms.problem import Problem, stored_actions
from nearsym.agents.algorithms.settings import OffPolicySettings
from nearsym.envs import Step
from nearsym.envs.auditing import Transitions
from nearsym.envs.auditing.transitions import EPISODE

from .frames import FrameReplayBuffer
from .stored import restore, stored
from .transitions import TransitionBuffer


class Replay(Experience):
    """Base of replay: every `train_every` environment steps, once learning starts, `gradient_steps` batches are due.

    Args:
        settings: hyperparameters.
        problem: spaces of the environments.
        device: of the batches.
        capacity: transitions, or frames, held in all.
    """

    def __init__(self, settings: OffPolicySettings, problem: Problem, device: torch.device, capacity: int) -> None:
        self._settings, self._box, self._device = settings, stored_actions(problem.action_space), device

    @property
    @abstractmethod
    def stored(self) -> int:
        """Transitions, or frames, held now."""

    @abstractmethod
    def sample(self, count: int) -> Batch:
        """`count` transitions drawn uniformly, with replacement."""

    def due(self, before: int, after: int) -> Iterator[Batch]:
        """Several environments pass several steps at once, and as many updates as those call for follow."""
        settings = self._settings
        if after <= settings.learning_starts:
            return
        crossed = after // settings.train_every - before // settings.train_every
        for _ in range(crossed * settings.gradient_steps):
            yield self.sample(settings.batch_size)


class VectorReplay(Replay):
    """Replay of vectors in stable-baselines3's buffers."""

    def __init__(self, settings: OffPolicySettings, problem: Problem, device: torch.device, capacity: int) -> None:
        super().__init__(settings, problem, device, capacity)
        spaces = problem.observation_space, problem.action_space
        shared: dict[str, Any] = {"device": device, "n_envs": problem.environments}
        if settings.n_steps > 1:
            shared.update(n_steps=settings.n_steps, gamma=settings.discount)
        kind = NStepReplayBuffer if settings.n_steps > 1 else TransitionBuffer
        self.buffer = kind(capacity, *spaces, **shared)

    @property
    def stored(self) -> int:
        """Transitions."""
        return self.buffer.size() * self.buffer.n_envs

    def add(self, step: Step) -> None:
        """One row for each environment."""
        cut_off = step.truncated & ~step.terminated
        self.buffer.add(
            step.observations,
            step.next_observations,
            self._box.from_env(step.actions),
            step.rewards.astype(np.float32),
            step.ended,
            [{"TimeLimit.truncated": bool(cut)} for cut in cut_off],
        )

    def sample(self, count: int) -> Batch:
        """Transitions of one step, or of n."""
        drawn = self.buffer.sample(count)
        over = 1 - drawn.dones.squeeze(1)
        discounts = self._settings.discount * over if drawn.discounts is None else drawn.discounts.squeeze(1) * over
        return Batch(drawn.observations, drawn.actions, drawn.rewards.squeeze(1), drawn.next_observations, discounts)

    def states(self, count: int, generator: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Of the first environment."""
        if self.buffer.size() < 2:
            return np.zeros((0, 0)), np.zeros((0, 0))
        pick = generator.integers(self.buffer.size(), size=count)
        return self.buffer.observations[pick, 0].reshape(count, -1), self.buffer.actions[pick, 0]

    def transitions(self, count: int, generator: np.random.Generator) -> Transitions:
        """In the order in which they were taken; stretches of `EPISODE` steps count as episodes of their own."""
        buffer = self.buffer
        filled, width = buffer.size(), buffer.n_envs
        order = (np.arange(filled) + (buffer.pos if buffer.full else 0)) % buffer.buffer_size
        ended = np.cumsum(buffer.dones[order] > 0, axis=0) - (buffer.dones[order] > 0)
        stretch = np.stack(np.broadcast_arrays(np.arange(width), ended, np.arange(filled)[:, None] // EPISODE), axis=-1)
        episodes = np.unique(stretch.reshape(-1, 3), axis=0, return_inverse=True)[1].reshape(-1)
        pick = np.sort(generator.choice(filled * width, min(count, filled * width), replace=False))
        row, column = order[pick // width], pick % width

        def picked(array: NDArray[Any]) -> NDArray[np.float64]:
            return array[row, column].reshape(len(pick), -1).astype(np.float64)

        before, after = picked(buffer.observations), picked(buffer.next_observations)
        terminated = (buffer.dones[row, column] * (1 - buffer.timeouts[row, column])) > 0
        rewards = buffer.rewards[row, column].astype(np.float64)
        return Transitions(before, picked(buffer.actions), rewards, after, terminated, before, after, episodes[pick])

    def arrays(self) -> Arrays:
        """The filled part."""
        return stored(self.buffer, STORED)

    def restore(self, arrays: Arrays) -> None:
        """Put back what `arrays` gave."""
        restore(self.buffer, STORED, arrays)


STORED = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


class FrameReplay(Replay):
    """Replay of images, one `FrameReplayBuffer` for each environment."""

    def __init__(self, settings: OffPolicySettings, problem: Problem, device: torch.device, capacity: int) -> None:
        super().__init__(settings, problem, device, capacity)
        self.buffers = [
            FrameReplayBuffer(
                max(2, capacity // problem.environments),
                problem.observation_space,
                problem.action_space,
                device,
                frames=problem.frames,
                n_steps=settings.n_steps,
                discount=settings.discount,
            )
            for _ in range(problem.environments)
        ]

    @property
    def stored(self) -> int:
        """Frames."""
        return sum(buffer.size() for buffer in self.buffers)

    def add(self, step: Step) -> None:
        """A frame for each environment."""
        actions = self._box.from_env(step.actions)
        for i, buffer in enumerate(self.buffers):
            row = slice(i, i + 1)
            cut_off = bool(step.truncated[i] and not step.terminated[i])
            buffer.add(
                step.observations[row],
                step.next_observations[row],
                actions[row],
                step.rewards[row],
                step.ended[row],
                [{"TimeLimit.truncated": cut_off}],
            )

    def sample(self, count: int) -> Batch:
        """From each environment's frames about equally often."""
        if len(self.buffers) == 1:
            return self.buffers[0].sample(count)
        whose = np.bincount(np.random.randint(len(self.buffers), size=count), minlength=len(self.buffers))
        drawn = [buffer.sample(int(k)) for buffer, k in zip(self.buffers, whose, strict=True) if k]
        return Batch(*(torch.cat(parts) for parts in zip(*drawn, strict=True)))

    def states(self, count: int, generator: np.random.Generator) -> tuple[NDArray[Any], NDArray[Any]]:
        """Of the first environment."""
        buffer = self.buffers[0]
        if buffer.size() < 2:
            return np.zeros((0, 0)), np.zeros((0, 0))
        entries = buffer.draw(count, generator)
        actions = buffer.actions[(entries + 1) % buffer.buffer_size]
        return buffer.stack(entries).reshape(count, -1), actions

    def arrays(self) -> Arrays:
        """Of every environment, the first one's names without a number."""
        return {
            name + (f"_{i}" if i else ""): array
            for i, buffer in enumerate(self.buffers)
            for name, array in buffer.arrays().items()
        }

    def restore(self, arrays: Arrays) -> None:
        """Put back what `arrays` gave."""
        for i, buffer in enumerate(self.buffers):
            suffix = f"_{i}" if i else ""
            buffer.restore({name: arrays[name + suffix] for name in buffer.arrays()})
