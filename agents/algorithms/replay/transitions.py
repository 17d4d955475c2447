"""Replay of transitions of one step, gathered without a detour."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize


class TransitionBuffer(ReplayBuffer):
    """stable-baselines3's buffer, written without copies between and with one gather for each tensor of a batch.

    It holds and draws the same rows.

    Arguments are those of `stable_baselines3.common.buffers.ReplayBuffer`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.observations, self.actions, self.next_observations, self.dones, self.timeouts, self.rewards
        # the memory of the arrays themselves, (size · environments, …)
        self._rows = [torch.from_numpy(array).flatten(0, 1) for array in stored]

    def add(
        self,
        obs: NDArray[Any],
        next_obs: NDArray[Any],
        action: NDArray[Any],
        reward: NDArray[Any],
        done: NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        """One row for each environment; writing it is the copy."""
        k = self.pos
        self.observations[k], self.next_observations[k] = obs, next_obs
        self.actions[k] = action.reshape(self.n_envs, self.action_dim)
        self.rewards[k], self.dones[k] = reward, done
        self.timeouts[k] = [info.get("TimeLimit.truncated", False) for info in infos]
        self.pos = (k + 1) % self.buffer_size
        self.full = self.full or self.pos == 0

    def _get_samples(self, batch_inds: NDArray[Any], env: VecNormalize | None = None) -> ReplayBufferSamples:
        if env is not None:
            return super()._get_samples(batch_inds, env)
        index = batch_inds * self.n_envs + np.random.randint(0, self.n_envs, size=len(batch_inds))
        rows = torch.from_numpy(index)
        observations, actions, following, dones, timeouts, rewards = (
            tensor.index_select(0, rows).to(self.device) for tensor in self._rows
        )
        over = dones * (1 - timeouts)
        return ReplayBufferSamples(observations, actions, following, over.unsqueeze(1), rewards.unsqueeze(1))
