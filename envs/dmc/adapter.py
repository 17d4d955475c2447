"""dm_control's suite as a gymnasium environment."""

from __future__ import annotations

import ctypes.util
import os
import sys
import warnings
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import DTypeLike, NDArray

from nearsym.envs.errors import InputError
from nearsym.envs.wrappers.repeat import whole_repeats

from .domain import Domain

FloatArray = NDArray[np.float64]

FILM_SIZE = 480
REPAIR = "apt-get install -y libegl1 libgl1-mesa-dri"


def no_opengl(error: Exception) -> InputError:
    """What to say when a frame cannot be drawn."""
    return InputError(
        f"drawing frames needs OpenGL, and it fails here ({type(error).__name__}: {error}); without a display "
        f"install EGL ({REPAIR}) and unset MUJOCO_GL; `nearsym doctor` tries what there is"
    )


class DmControlEnv(gymnasium.Env[NDArray[Any], NDArray[Any]]):
    """A task of the dm_control suite with its observations flattened, in the suite's order, to one vector.

    The suite's time limit truncates an episode; a discount of 0 terminates it. ``reset(seed=…)`` determines the
    whole episode.

    Args:
        domain: the domain, with its symmetries.
        task: one of its tasks.
        action_repeat: simulator control steps for each action; rewards are summed.
        dtype: of observations; float64 for measurements.
        environment: one of dm_control's that is not of its suite; its observations are a dict of arrays.

    Raises:
        InputError: `action_repeat` is no whole number, or below 1.
    """

    def __init__(
        self,
        domain: Domain,
        task: str,
        action_repeat: int = 1,
        dtype: DTypeLike = np.float32,
        environment: Any = None,
    ) -> None:
        action_repeat = whole_repeats(action_repeat)
        self._env = import_suite().load(domain.suite or domain.name, task) if environment is None else environment
        self.domain = domain
        self._repeat, self._target, self._hinge = action_repeat, domain.target, domain.hinge
        self._dtype, self._over = np.dtype(dtype), True
        self.render_mode = "rgb_array"
        seconds = self._env.control_timestep() * action_repeat
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": 1 / seconds}
        self.symmetry, self.vectors = domain.tasks[task], domain.vectors.get(task, ())
        size = sum(int(np.prod(spec.shape)) for spec in self._env.observation_spec().values())
        size += self._hinge is not None
        action = self._env.action_spec()
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (size,), self._dtype)
        low, high = (
            np.full(action.shape, getattr(action, name, bound), dtype=np.float32)
            for name, bound in (("minimum", -np.inf), ("maximum", np.inf))
        )
        self.action_space = gymnasium.spaces.Box(low, high, dtype=np.float32)

    @property
    def physics(self) -> Any:
        """dm_control's simulator."""
        return self._env.physics

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Start an episode."""
        super().reset(seed=seed)
        drawn = int(self.np_random.integers(2**31))
        random = getattr(self._env.task, "random", None)
        if random is not None:
            random.seed(drawn)
        self._over = False
        return self._flatten(self._env.reset().observation), {}

    def step(self, action: NDArray[Any]) -> tuple[NDArray[Any], float, bool, bool, dict[str, Any]]:
        """Apply one action for `action_repeat` control steps, or until the episode ends.

        Raises:
            gymnasium.error.ResetNeeded: no episode has begun, or the last one is over.
        """
        if self._over:  # the suite would begin another episode without a word, and without a reward
            raise gymnasium.error.ResetNeeded("no episode is running; call env.reset() before env.step()")
        reward = 0.0
        for _ in range(self._repeat):
            timestep = self._env.step(np.asarray(action, dtype=np.float64))
            reward += timestep.reward
            if timestep.last():
                break
        self._over = bool(timestep.last())
        terminated = self._over and timestep.discount == 0
        return self._flatten(timestep.observation), reward, terminated, self._over and not terminated, {}

    def render(self) -> NDArray[np.uint8]:
        """A frame of camera 0 for people to look at, (480, 480, 3)."""
        try:
            frame: NDArray[np.uint8] = self._env.physics.render(FILM_SIZE, FILM_SIZE, camera_id=0)
        except Exception as error:  # each GL library has failures of its own
            raise no_opengl(error) from error
        return frame

    def get_state(self) -> FloatArray:
        """qpos, qvel, then the target's (x, y, z) where the task draws one; the domain's hinge as (cos, sin).

        Activations of muscles follow, where there are any.
        """
        physics = self._env.physics
        state = [self._unroll(physics.data.qpos), physics.data.qvel, physics.data.act]
        if self._target is not None:
            state.append(physics.named.model.geom_pos[self._target])
        return np.concatenate(state)

    def set_state(self, state: FloatArray) -> FloatArray:
        """Put the simulator into a state as `get_state` gives it; returns the observation there.

        The solver's warm start is cleared, so that what follows depends on the state alone.

        Raises:
            InputError: wrong size, or the simulator cannot take the state.
        """
        physics = self._env.physics
        unrolled = physics.model.nq + (self._hinge is not None)
        parts = np.cumsum([unrolled, physics.model.nv, physics.model.na])
        size = int(parts[-1]) + (0 if self._target is None else 3)
        if state.shape != (size,) or not np.isfinite(state).all():
            raise InputError(f"expected a finite state of shape ({size},), got shape {state.shape}: {state}")
        qpos, qvel, act, target = np.split(state, parts)
        with physics.reset_context():
            physics.data.qpos[:], physics.data.qvel[:], physics.data.act[:] = self._roll(qpos), qvel, act
            if self._target is not None:
                physics.named.model.geom_pos[self._target] = target
        return self._flatten(self._env.task.get_observation(physics)).astype(np.float64)

    def close(self) -> None:
        """Free the simulator."""
        self._env.close()

    def _flatten(self, observation: dict[str, Any]) -> NDArray[Any]:
        vector = np.concatenate([np.ravel(value) for value in observation.values()])
        return self._unroll(vector).astype(self._dtype)

    def _unroll(self, vector: FloatArray) -> FloatArray:
        """The vector with its hinge's angle as (cos, sin)."""
        if self._hinge is None:
            return vector
        angle = vector[self._hinge]
        return np.concatenate([vector[: self._hinge], [np.cos(angle), np.sin(angle)], vector[self._hinge + 1 :]])

    def _roll(self, vector: FloatArray) -> FloatArray:
        """Undoes `_unroll`, up to whole turns."""
        if self._hinge is None:
            return vector
        cos, sin = vector[self._hinge : self._hinge + 2]
        return np.concatenate([vector[: self._hinge], [np.arctan2(sin, cos)], vector[self._hinge + 2 :]])


def is_dm_control(environment: Any) -> bool:
    """Whether something is an environment of dm_control, rather than one of gymnasium."""
    return not isinstance(environment, gymnasium.Env) and all(
        hasattr(environment, name) for name in ("physics", "task", "action_spec", "observation_spec")
    )


def import_suite() -> Any:
    """Import dm_control, which looks for an OpenGL library as it loads and warns where there is none.

    Working with states needs no OpenGL, so that warning would only mislead. Which library is used is decided here once
    and for all: without a display, EGL where there is one.
    """
    headless = sys.platform == "linux" and not os.environ.get("DISPLAY")
    if headless and "MUJOCO_GL" not in os.environ and ctypes.util.find_library("EGL"):
        os.environ["MUJOCO_GL"] = "egl"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from dm_control import suite
    return suite
