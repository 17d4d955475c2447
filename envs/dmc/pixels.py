"""What a camera sees of a dm_control task."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry

from .adapter import DmControlEnv, no_opengl

CAMERA = 0
BLACK = (0.0, 0.0, 0.0, 1.0)
STAR = 255


class Pixels(gymnasium.Wrapper[NDArray[np.uint8], NDArray[Any], NDArray[Any], NDArray[Any]]):
    """Observes camera 0 of the suite instead of numbers: uint8 of shape (3, size, size).

    Checkers on the floor and stars in the sky betray which way is which, so they are taken away unless asked for.
    Without shadows, reflections and multisampling a frame is drawn several times faster (`nearsym bench what=render`).

    Args:
        env: the task.
        size: height and width in pixels.
        floor: keep the checkered floor.
        stars: keep the random stars.
        shadows: draw shadows, reflections and smooth edges, as the suite does.

    Raises:
        InputError: size below 1, or nothing can be drawn for want of OpenGL.
    """

    def __init__(
        self, env: DmControlEnv, size: int = 85, floor: bool = False, stars: bool = False, shadows: bool = False
    ) -> None:
        super().__init__(env)
        if size < 1:
            raise InputError(f"size is {size}, expected a number of pixels >= 1")
        self._physics, self._size = env.physics, size
        self._flags = {} if shadows else {"shadow": False, "reflection": False}
        model = env.physics.model
        # read when the first frame is drawn
        if not shadows:
            model.vis.quality.offsamples = 0
        if not floor:
            _plain_floor(model)
        if not stars:
            _starless_sky(model)
        self.observation_space = gymnasium.spaces.Box(0, 255, (3, size, size), np.uint8)
        self.symmetry = _symmetry(env, size)
        try:
            self._draw()
        except Exception as error:  # each GL library has failures of its own
            raise no_opengl(error) from error

    @property
    def camera(self) -> int:
        """The camera that is drawn."""
        return CAMERA

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.uint8], dict[str, Any]]:
        """Start an episode."""
        _, info = self.env.reset(seed=seed, options=options)
        return self._draw(), info

    def step(self, action: NDArray[Any]) -> tuple[NDArray[np.uint8], float, bool, bool, dict[str, Any]]:
        """One step."""
        _, reward, terminated, truncated, info = self.env.step(action)
        return self._draw(), float(reward), terminated, truncated, info

    def set_state(self, state: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Put the simulator into a state; returns the frame there."""
        self.env.get_wrapper_attr("set_state")(state)
        return self._draw()

    def _draw(self) -> NDArray[np.uint8]:
        frame = self._physics.render(self._size, self._size, camera_id=CAMERA, render_flag_overrides=self._flags)
        return np.ascontiguousarray(frame.transpose(2, 0, 1))


def _symmetry(env: DmControlEnv, size: int) -> Symmetry | None:
    """The task's symmetry on what the camera sees of it."""
    declared = env.symmetry
    if env.domain.plane is None or declared is None:
        return None
    generators = declared.group.generators
    return Symmetry.image(
        plane=env.domain.plane,
        action=[declared.action.matrix[g] for g in generators],
        state=None if declared.state is None else [declared.state.matrix[g] for g in generators],
        shape=(3, size, size),
        name=declared.group.name,
    )


def _plain_floor(model: Any) -> None:
    names = [model.id2name(i, "material") for i in range(model.nmat)]
    if "grid" in names:
        grid = names.index("grid")
        model.mat_texid[grid] = -1
        # light is computed at the corners of triangles and spread over them, which is not symmetric; black shows none
        model.mat_rgba[grid] = BLACK
        model.mat_specular[grid] = 0


def _starless_sky(model: Any) -> None:
    """Paint each star in the colour beside it."""
    names = [model.id2name(i, "texture") for i in range(model.ntex)]
    if "skybox" not in names:
        return
    sky = names.index("skybox")
    channels, start = int(model.tex_nchannel[sky]), int(model.tex_adr[sky])
    stop = start + channels * int(model.tex_width[sky] * model.tex_height[sky])
    texels = model.tex_data[start:stop].reshape(-1, channels)
    star = (texels == STAR).all(axis=1)
    beside = np.maximum.accumulate(np.where(star, 0, np.arange(len(texels))))
    model.tex_data[start:stop] = texels[beside].ravel()
