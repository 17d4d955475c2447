"""Stacks of frames, by hand."""

import gymnasium
import numpy as np
import pytest

from nearsym.envs import FrameStack, declare, make, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry


class Film(gymnasium.Env):
    """Shows frame number n of an episode in every pixel."""

    observation_space = gymnasium.spaces.Box(0, 255, (4, 6, 3), np.uint8)
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.n = 1
        return np.full((4, 6, 3), self.n, dtype=np.uint8), {}

    def step(self, action):
        self.n += 1
        return np.full((4, 6, 3), self.n, dtype=np.uint8), 0.0, False, False, {}


def test_frames_are_stacked_oldest_first_and_an_episode_begins_with_repetitions():
    env = FrameStack(declare(Film(), Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(3, 4, 6))))
    assert env.observation_space.shape == (9, 4, 6)
    seen = [env.reset(seed=0)[0], *(env.step(np.zeros(1))[0] for _ in range(3)), env.reset(seed=0)[0]]
    assert [observation[::3, 0, 0].tolist() for observation in seen] == [
        [1, 1, 1],
        [1, 1, 2],
        [1, 2, 3],
        [2, 3, 4],
        [1, 1, 1],
    ]
    assert symmetry_of(env).observation.dim == 9 * 4 * 6


def test_what_cannot_be_stacked_or_seen_is_said():
    with pytest.raises(InputError, match="expected uint8 images"):
        FrameStack(make("Pendulum-v1"))
    with pytest.raises(InputError, match="frames is 0"):
        make("dmc/cartpole-swingup", pixels=True, frames=0)
    with pytest.raises(InputError, match="size is 0"):
        make("dmc/cartpole-swingup", pixels=True, size=0)
