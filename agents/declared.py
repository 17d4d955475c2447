"""What an environment, alone or in a vector of one, says about itself."""

from __future__ import annotations

from typing import Any

import gymnasium
from stable_baselines3.common.vec_env import VecEnv

from nearsym.envs.symmetry import Symmetry


def declared_symmetry(env: gymnasium.Env[Any, Any] | VecEnv) -> Symmetry | None:
    """The symmetry declared last."""
    found = _attribute(env, "symmetry")
    return found if isinstance(found, Symmetry) else None


def stacked_frames(env: gymnasium.Env[Any, Any] | VecEnv) -> int:
    """Frames in an observation, as `nearsym.envs.FrameStack` has them; 1 where it says nothing."""
    found = _attribute(env, "frames")
    return found if isinstance(found, int) else 1


def _attribute(env: gymnasium.Env[Any, Any] | VecEnv, name: str) -> Any:
    if isinstance(env, VecEnv):
        return env.get_attr(name, 0)[0] if env.has_attr(name) else None
    return env.get_wrapper_attr(name) if env.has_wrapper_attr(name) else None
