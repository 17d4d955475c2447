"""Seeding every episode by its number."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np


class EpisodeSeeds(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Starts episode n of a run from a seed made of (run seed, n), whatever seed the caller asks for.

    A run that stops between two episodes can then be continued without anything of the environment's insides:
    set `episode` to the number of the next one. Of N environments that share a run, number i plays the episodes
    i, i + N, i + 2N, …: together those that one would play.

    Args:
        env: an environment whose ``reset(seed=…)`` determines the episode.
        seed: seed of the run.
        first: number of the first episode.
        stride: from one episode to the next.
    """

    def __init__(self, env: gymnasium.Env[Any, Any], seed: int, first: int = 0, stride: int = 1) -> None:
        super().__init__(env)
        self._seed, self._stride = seed, stride
        self.episode = first

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start the next episode; `seed` is ignored."""
        drawn = int(np.random.SeedSequence([self._seed, self.episode]).generate_state(1)[0])
        self.episode += self._stride
        return self.env.reset(seed=drawn, options=options)
