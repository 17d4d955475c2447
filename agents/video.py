"""Filming a policy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import imageio.v2 as imageio
import numpy as np
from numpy.typing import NDArray

from nearsym.envs import EpisodeSeeds
from nearsym.envs.errors import InputError

from .agent import Agent
from .build import EVALUATION_SEED, build_env
from .settings import TrainSettings


def film(agent: Agent, settings: TrainSettings, seed: int, path: Path) -> None:
    """Write one episode of the deterministic policy as an mp4, at the speed it happened.

    Args:
        agent: the trained agent.
        settings: of its run.
        seed: of the episode: the first one that an evaluation with this seed sees.
        path: where to.

    Raises:
        InputError: the environment draws no frames, or there is no encoder.
    """
    own = settings.env
    if not own.id.startswith("dmc/"):
        own = replace(own, kwargs={"render_mode": "rgb_array", **own.kwargs})
    env = EpisodeSeeds(build_env(replace(settings, env=own), seed).env, seed + EVALUATION_SEED)
    fps = float(env.metadata.get("render_fps") or 30)
    try:
        writer = imageio.get_writer(path, fps=fps, macro_block_size=2)
    except ImportError as error:
        raise InputError(f"writing a video needs ffmpeg ({error}); pip install imageio-ffmpeg") from error
    with writer:
        observation, _ = env.reset()
        done = False
        while True:
            writer.append_data(_frame(env, settings.env.id))
            if done:
                break
            action, _ = agent.predict(observation, deterministic=True)
            observation, _, terminated, truncated, _ = env.step(action)
            done = terminated or truncated
    env.close()


def _frame(env: gymnasium.Env[Any, Any], id: str) -> NDArray[np.uint8]:
    try:
        frame = env.render()
    except NotImplementedError:
        frame = None
    if not isinstance(frame, np.ndarray):
        raise InputError(f"{id} draws no frames for a video; give it render_mode='rgb_array' and a render() that does")
    return frame
