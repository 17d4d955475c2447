"""Seeding every episode by its number, and coming back into the middle of one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np


class EpisodeSeeds(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Starts episode n of a run from a seed made of (run seed, n), whatever seed the caller asks for.

    A run that stops can then be continued without anything of the environment's insides: an episode is its number and
    the actions taken in it, which are done again. Of N environments that share a run, number i plays the episodes
    i, i + N, i + 2N, …: together those that one would play.

    Args:
        env: an environment whose ``reset(seed=…)`` determines the episode.
        seed: seed of the run.
        first: number of the first episode.
        stride: from one episode to the next.

    Attributes:
        episode: number of the next episode.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed: int, first: int = 0, stride: int = 1) -> None:
        super().__init__(env)
        self._seed, self._stride = seed, stride
        self.episode = first
        self._actions: list[Any] = []
        self._ended = True
        self._repeat: tuple[Sequence[Any], Any] = ((), None)

    @property
    def position(self) -> tuple[int, list[Any]]:
        """Number of the episode that is being played and the actions so far, or of the next one and none."""
        return (self.episode, []) if self._ended else (self.episode - self._stride, list(self._actions))

    def go_on(self, episode: int, actions: Sequence[Any] = (), observation: Any = None) -> None:
        """Have the next reset start this episode and repeat these actions, which led to this observation."""
        self.episode, self._repeat = episode, (actions, observation)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start the next episode, or come back into one; `seed` is ignored."""
        observation, info = self._start(options)
        (actions, expected), self._repeat = self._repeat, ((), None)
        for action in actions:
            observation, _, terminated, truncated, info = self.step(action)
            if terminated or truncated:
                break
        if len(actions) and (self._ended or not np.array_equal(observation, expected)):
            warnings.warn(
                f"episode {self.episode - self._stride} does not repeat itself from its seed and actions, so it is "
                "left and the next one begins; an environment should draw all its random numbers from self.np_random",
                stacklevel=2,
            )
            return self._start(options)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self._actions.append(np.array(action))
        self._ended = bool(terminated or truncated)
        return observation, reward, terminated, truncated, info

    def _start(self, options: dict[str, Any] | None) -> tuple[Any, dict[str, Any]]:
        drawn = int(np.random.SeedSequence([self._seed, self.episode]).generate_state(1)[0])
        self.episode += self._stride
        self._actions, self._ended = [], False
        return self.env.reset(seed=drawn, options=options)


def seeded(make: Callable[[], gymnasium.Env[Any, Any]], seed: int, first: int = 0, stride: int = 1) -> EpisodeSeeds:
    """What `make` makes, in `EpisodeSeeds`: with `functools.partial` something that another process can be given."""
    return EpisodeSeeds(make(), seed, first, stride)
