"""Filming a policy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import imageio.v2 as imageio
import numpy as np
from numpy.typing import NDArray

from nearsym.agents.algorithms import Learner
from nearsym.envs import EpisodeSeeds, vectorised
from nearsym.envs.errors import InputError

from .build import build_env, limited
from .evaluation import returns_of
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
    try:
        writer = imageio.get_writer(path, fps=fps, macro_block_size=2)
    except ImportError as error:
        raise InputError(f"writing a video needs ffmpeg ({error}); pip install imageio-ffmpeg") from error
    with writer:
        filmed = _Filmed(env, lambda: writer.append_data(_frame(env, settings.env.id)))
        returns_of(learner, vectorised(filmed), 1)
    env.close()


class _Filmed(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Takes a frame at the beginning of an episode and after every step."""

    def __init__(self, env: gymnasium.Env[Any, Any], take: Callable[[], None]) -> None:
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


def _frame(env: gymnasium.Env[Any, Any], id: str) -> NDArray[np.uint8]:
    try:
        frame = env.render()
    except NotImplementedError:
        frame = None
    if not isinstance(frame, np.ndarray):
        raise InputError(f"{id} draws no frames for a video; give it render_mode='rgb_array' and a render() that does")
    return frame
