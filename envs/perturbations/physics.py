"""Perturbations of a MuJoCo simulator: tilted gravity, wind, and a camera that is not where it was."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from nearsym.envs.capabilities import attribute
from nearsym.envs.errors import InputError


class _PhysicsWrapper(gymnasium.Wrapper[Any, Any, Any, Any]):
    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env)
        if not np.isfinite(strength):
            raise InputError(f"{type(self).__name__} has strength {strength}, expected a finite number")
        self.strength, self._physics = strength, attribute(env, "physics")
        if self._physics is None:
            raise InputError(
                f"{type(self).__name__} changes a dm_control simulator, a {type(env.unwrapped).__name__} is none"
            )


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


class _CameraWrapper(_PhysicsWrapper):
    """Base of perturbations of the camera an environment is observed through."""

    def __init__(self, env: gymnasium.Env[Any, Any], strength: float) -> None:
        super().__init__(env, strength)
        camera = attribute(env, "camera")
        if camera is None:
            raise InputError(f"{type(self).__name__} moves a camera, and {env} has none; observe pixels")
        if strength != 0:
            model = self._physics.model
            x, _, z = Rotation.from_quat(model.cam_quat[camera], scalar_first=True).as_matrix().T
            self._move(model, camera, x, -z, np.radians(strength))

    def _move(self, model: Any, camera: int, right: NDArray[Any], forward: NDArray[Any], angle: float) -> None:
        raise NotImplementedError

    def _turn(self, model: Any, camera: int, rotation: Rotation) -> None:
        turned = rotation * Rotation.from_quat(model.cam_quat[camera], scalar_first=True)
        model.cam_quat[camera] = turned.as_quat(scalar_first=True)


class CameraRoll(_CameraWrapper):
    """The camera turned about its line of sight by `strength` degrees: what it sees turns counter-clockwise."""

    def _move(self, model: Any, camera: int, right: NDArray[Any], forward: NDArray[Any], angle: float) -> None:
        self._turn(model, camera, Rotation.from_rotvec(angle * forward))


class CameraTilt(_CameraWrapper):
    """The camera raised by `strength` degrees on a circle about what it looks at, still looking there."""

    def _move(self, model: Any, camera: int, right: NDArray[Any], forward: NDArray[Any], angle: float) -> None:
        position = model.cam_pos[camera].copy()
        centre = position + forward * ((model.stat.center - position) @ forward)
        rotation = Rotation.from_rotvec(-angle * right)
        self._turn(model, camera, rotation)
        model.cam_pos[camera] = centre + rotation.apply(position - centre)
