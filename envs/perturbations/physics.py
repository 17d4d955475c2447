"""Perturbations of a MuJoCo simulator: tilted gravity and wind."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from nearsym.envs.dmc import DmControlEnv
from nearsym.envs.symmetry import InputError


class _PhysicsWrapper(gymnasium.Wrapper[Any, Any, Any, Any]):
    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        if not np.isfinite(strength):
            raise InputError(f"{type(self).__name__} has strength {strength}, expected a finite number")
        if not isinstance(env.unwrapped, DmControlEnv):
            raise InputError(f"{type(self).__name__} changes a dm_control simulator, {env.unwrapped} is none")
        self.strength = strength
        self._physics = env.unwrapped.physics


class GravityTilt(_PhysicsWrapper):
    """Gravity turned about the y axis by `strength` degrees, towards +x: a table that is not level."""

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env, strength)
        if strength != 0:
            gravity, angle = self._physics.model.opt.gravity, np.radians(strength)
            x, _, z = gravity.copy()
            gravity[0] = np.cos(angle) * x - np.sin(angle) * z
            gravity[2] = np.sin(angle) * x + np.cos(angle) * z


class Wind(_PhysicsWrapper):
    """A constant force of `strength` newtons along +x on the centre of mass of every body."""

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """One step in the wind."""
        if self.strength != 0:
            self._physics.data.xfrc_applied[1:, 0] = self.strength  # cleared whenever the state is set anew
        return self.env.step(action)
