"""Filming a policy."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.agents.algorithms import Learner
from nearsym.envs import EpisodeSeeds, vectorised
from nearsym.envs.errors import InputError

from .build import build_env, limited
from .evaluation import returns_of
from .screen import Film
from .settings import TrainSettings


def film(learner: Learner, settings: TrainSettings, seed: int, path: Path) -> None:
    """Write one episode of the deterministic policy as an mp4, at the speed it happened.

    Args:
        learner: trained.
        settings: of its run.
        seed: of the episode: the first one that an evaluation with this seed sees.
        path: where to.

    Raises:
        InputError: the environment draws no frames, or there is no encoder.
    """
    env = EpisodeSeeds(limited(build_env(settings, film=True), settings.eval_steps), seed)
    fps = float(env.metadata.get("render_fps") or 30)
    with closing(Film(path, fps)) as writer:
        filmed = _Filmed(env, lambda: writer.show(frame_of(env, settings.env.id)))
        returns_of(learner, vectorised(filmed), 1)
    env.close()


class _Filmed(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Takes a frame at the beginning of an episode and after every step."""

    def __init__(self, env: gymnasium.Env[Any, Any], take: Callable[[], object]) -> None:
        super().__init__(env)
        self._take = take

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode."""
        first = self.env.reset(seed=seed, options=options)
        self._take()
        return first

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step."""
        result = self.env.step(action)
        self._take()
        return result


def frame_of(env: gymnasium.Env[Any, Any], id: str) -> NDArray[np.uint8]:
    """What an environment draws.

    Raises:
        InputError: it draws no frames.
    """
    try:
        frame = env.render()
    except NotImplementedError:
        frame = None
    if not isinstance(frame, np.ndarray):
        raise InputError(f"{id} draws no frames for a video; give it render_mode='rgb_array' and a render() that does")
    return frame
