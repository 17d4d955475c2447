"""A MuJoCo model by itself as an environment: no task, so that every reward is 0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError

from .simulator import FloatArray

SECONDS = 0.01
"""Of one step, or the model's own time step where that is longer."""

AROUND = 0.1
"""How far from the reference pose episodes begin, in radians, metres and their rates."""

SIZE = 480


class ModelEnv(gymnasium.Env[NDArray[Any], NDArray[Any]]):
    """A model, moved by its controls and observed by its state and its sensors.

    Observations are (qpos, qvel, act, sensordata), actions controls between their limits, or between -1 and 1 where
    there are none. The state is (qpos, qvel, act).

    Args:
        path: of the model, XML or a compiled file.

    Raises:
        InputError: there is no such file, MuJoCo does not load it, or nothing in it moves or is moved.
    """

    def __init__(self, path: str | Path) -> None:
        import mujoco  # only now: most environments need no MuJoCo

        path = Path(path)
        if not path.is_file():
            raise InputError(f"there is no model {path}; expected the path of a MuJoCo XML file")
        try:
            load = mujoco.MjModel.from_binary_path if path.suffix == ".mjb" else mujoco.MjModel.from_xml_path
            self.model = load(str(path))
        except (ValueError, TypeError) as error:
            raise InputError(f"MuJoCo does not load {path}: {' '.join(str(error).split())}") from error
        if not self.model.nv or not self.model.nu:
            raise InputError(
                f"{path} has {self.model.njnt} joints and {self.model.nu} actuators; expected at least one of each"
            )
        self._mujoco, self.data = mujoco, mujoco.MjData(self.model)
        self._steps = max(1, round(SECONDS / self.model.opt.timestep))
        self.render_mode = "rgb_array"
        size = self.model.nq + self.model.nv + self.model.na + self.model.nsensordata
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float64)
        limited = np.asarray(self.model.actuator_ctrllimited, dtype=bool)
        low, high = (np.where(limited, self.model.actuator_ctrlrange[:, k], end) for k, end in ((0, -1.0), (1, 1.0)))
        self.action_space = gymnasium.spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Somewhere around the reference pose."""
        super().reset(seed=seed)
        self._mujoco.mj_resetData(self.model, self.data)
        step = self.np_random.uniform(-AROUND, AROUND, self.model.nv)
        self._mujoco.mj_integratePos(self.model, self.data.qpos, step, 1.0)  # turns quaternions as they turn
        self.data.qvel[:] = self.np_random.uniform(-AROUND, AROUND, self.model.nv)
        self._mujoco.mj_forward(self.model, self.data)
        return self._observation(), {}

    def step(self, action: NDArray[Any]) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Hold the controls for `SECONDS`."""
        self.data.ctrl[:] = action
        for _ in range(self._steps):
            self._mujoco.mj_step(self.model, self.data)
        self._mujoco.mj_forward(self.model, self.data)
        return self._observation(), 0.0, False, False, {}

    def get_state(self) -> FloatArray:
        """(nq + nv + na,) qpos, qvel, act."""
        return np.concatenate([self.data.qpos, self.data.qvel, self.data.act])

    def set_state(self, state: FloatArray) -> NDArray[Any]:
        """Put the model there; returns the observation.

        Raises:
            InputError: wrong size, or not finite.
        """
        parts = np.cumsum([self.model.nq, self.model.nv, self.model.na])
        if state.shape != (parts[-1],) or not np.isfinite(state).all():
            raise InputError(f"expected a finite state of shape ({parts[-1]},), got shape {state.shape}: {state}")
        self._mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:], self.data.qvel[:], self.data.act[:] = np.split(state, parts[:-1])
        self._mujoco.mj_forward(self.model, self.data)
        return self._observation()

    def render(self) -> NDArray[np.uint8]:
        """A frame, (480, 480, 3)."""
        with self._mujoco.Renderer(self.model, SIZE, SIZE) as renderer:
            renderer.update_scene(self.data)
            frame: NDArray[np.uint8] = renderer.render()
        return frame

    def _observation(self) -> NDArray[Any]:
        return np.concatenate([self.get_state(), self.data.sensordata])
