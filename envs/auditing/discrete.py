"""Discrete actions as an audit moves them: as one-hot vectors, which a group permutes."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.rollout import Policy, Remembering

FloatArray = NDArray[np.float64]


class OneHot(gymnasium.spaces.Box):
    """One-hot vectors of n numbers."""

    def __init__(self, n: int) -> None:
        super().__init__(0, 1, (n,), np.float64)
        self._all: FloatArray = np.eye(n)

    def sample(self, *masks: Any, **named: Any) -> NDArray[Any]:
        """(n,) one of them, all alike."""
        return self._all[self.np_random.integers(len(self._all))]


class OneHotActions(gymnasium.ActionWrapper[Any, Any, Any]):
    """An environment of n discrete actions that takes one-hot vectors instead.

    An element of the group permutes the n numbers, as a symmetry of discrete actions says, and so exchanges actions.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        super().__init__(env)
        assert isinstance(env.action_space, gymnasium.spaces.Discrete)
        self._start = int(env.action_space.start)
        self._all: FloatArray = np.eye(int(env.action_space.n))
        self.action_space = OneHot(len(self._all))

    def action(self, action: FloatArray) -> np.int64:
        """The number of the action that is marked."""
        return np.int64(self._start + np.argmax(action))

    def one_hot(self, actions: Any) -> FloatArray:
        """(N, n) of N numbers of actions."""
        return self._all[np.asarray(actions, dtype=np.int64) - self._start]

    def marking(self, policy: Policy | Remembering) -> Policy | Remembering:
        """A policy that chooses numbers, as one that chooses vectors."""
        if not isinstance(policy, Remembering):
            return lambda observation: self.one_hot(np.reshape(policy(observation), 1))[0]

        def act(observations: Any, memory: Any) -> tuple[Any, Any]:
            actions, following = policy.act(observations, memory)
            return self.one_hot(np.reshape(actions, -1)), following

        return Remembering(act, policy.beginning)
