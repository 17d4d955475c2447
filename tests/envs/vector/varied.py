"""An environment that says different things in different ways, in a file that other processes can import."""

import copy
import os
import time
import warnings

import gymnasium
import numpy as np

from nearsym.envs import Guard

SPACES = {
    "numbers": gymnasium.spaces.Box(-9e9, 9e9, (3,), np.float32),
    "image": gymnasium.spaces.Box(0, 255, (3, 4, 5), np.uint8),
    "parts": gymnasium.spaces.Dict(
        {"b": gymnasium.spaces.Box(0, 1, (2,), np.float64), "a": gymnasium.spaces.Box(0, 255, (4, 4, 1), np.uint8)}
    ),
    "choice": gymnasium.spaces.Discrete(5),
}


class Varied(gymnasium.Env):
    """Observes one buffer that it writes to again and again; says more in some steps than in others."""

    action_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)

    def __init__(self, space):
        self.observation_space = copy.deepcopy(space)  # each draws its own
        self.observation_space.seed(0)
        self.buffer = self.observation_space.sample()

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(int(self.np_random.integers(1000)))
        self.step_number, self.length = 0, int(self.np_random.integers(2, 6))
        return self.observed(), {"length": self.length, "options": str(options)}

    def step(self, action):
        self.step_number += 1
        ended = self.step_number == self.length
        info = {"deep": {"action": np.array(action)}, "late": "yes"} if self.step_number > 1 else {}
        return self.observed(), float(action[0]) + self.np_random.random(), ended, self.step_number == 3, info

    def observed(self):
        fresh = self.observation_space.sample()
        parts = [(self.buffer, fresh)] if isinstance(fresh, np.ndarray) else []
        parts = [(self.buffer[key], fresh[key]) for key in fresh] if isinstance(fresh, dict) else parts
        for kept, new in parts:
            kept[...] = new
        return self.buffer if parts else fresh


def played(envs, steps=60):
    """All that 60 steps return, ended episodes begun again."""
    generator = np.random.default_rng(0)
    returned = [envs.reset(seed=3, options={"one": 1})]
    for _ in range(steps):
        returned.append(envs.step(generator.uniform(-1, 1, (envs.num_envs, 2)).astype(np.float32)))
        ended = returned[-1][2] | returned[-1][3]
        if ended.any():
            returned.append(envs.reset(options={"reset_mask": ended}))
    return returned


def assert_same(one, two):
    assert type(one) is type(two)
    if isinstance(one, dict):
        assert list(one) == list(two)
        one, two = list(one.values()), list(two.values())
    if isinstance(one, list | tuple):
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            assert_same(a, b)
    else:
        assert np.asarray(one).dtype == np.asarray(two).dtype
        np.testing.assert_array_equal(one, two)


class Misbehaves(Varied):
    """Does something else than it should in the second step of an episode."""

    def __init__(self, how):
        super().__init__(SPACES["numbers"])
        self.how = how

    def step(self, action):
        result = super().step(action)
        return getattr(self, self.how)(*result) if self.step_number == 2 else result

    def divide(self, *result):
        return result[0], 1 / 0, *result[2:]

    def lose(self, observation, *rest):
        return np.array([0, np.nan, 0], np.float32), *rest

    def tell(self, *result):
        return *result[:4], {"secret": lambda: None}

    def warn(self, *result):
        warnings.warn("slippery", Slippery, stacklevel=1)
        return result

    def leave(self, *result):
        os._exit(3)

    def hang(self, *result):
        write("hanging")
        time.sleep(1000)

    def close(self):
        write("closed")


def write(line):
    os.write(1, f"{line}\n".encode())  # in one piece, beside other processes


class Slippery(UserWarning):
    """A warning that only this file knows."""


def guarded(how):
    return Guard(Misbehaves(how))
