"""Environments stepped in turn against gymnasium's SyncVectorEnv, in everything they return."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from nearsym.envs import EpisodeSeeds, vectorised
from nearsym.envs.errors import InputError

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
        self.observation_space = space
        space.seed(0)
        self.buffer = space.sample()

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


def members(space, count, seed):
    return [EpisodeSeeds(Varied(SPACES[space]), seed, first, count) for first in range(count)]


def oracle(space, count, seed):
    makers = [lambda env=env: env for env in members(space, count, seed)]
    return SyncVectorEnv(makers, autoreset_mode=AutoresetMode.DISABLED)


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


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("space", SPACES)
def test_it_returns_what_gymnasium_returns(space, count):
    mine, theirs = vectorised(*members(space, count, 7)), oracle(space, count, 7)
    for name in ("observation_space", "action_space", "single_observation_space", "single_action_space"):
        assert getattr(mine, name) == getattr(theirs, name)
    assert (mine.num_envs, mine.metadata) == (theirs.num_envs, theirs.metadata)
    expected = played(theirs)
    assert_same(played(mine), expected)
    with pytest.raises(AssertionError):  # other episodes
        assert_same(played(vectorised(*members(space, count, 8))), expected)


def test_what_was_returned_is_not_written_to_again():
    envs, kept, then = vectorised(*members("numbers", 2, 7)), [], []
    kept.append(envs.reset()[0])
    for _ in range(30):
        then.append(kept[-1].tobytes())
        kept.append(envs.step(np.zeros((2, 2), np.float32))[0])
        envs.reset()
    assert [observation.tobytes() for observation in kept[:-1]] == then
    assert len(set(then)) == 30  # they differ, and so would be seen to change


def test_an_ended_episode_is_not_stepped_on():
    envs = vectorised(*members("numbers", 2, 7))
    envs.reset()
    with pytest.raises(AssertionError, match=r"environments \[(0|1|0, 1)\] have ended and were not reset"):
        for _ in range(9):
            envs.step(np.zeros((2, 2), np.float32))


@pytest.mark.parametrize(
    ("space", "observation", "got"),
    [
        ("numbers", np.zeros(1, np.float32), r"float32 numbers of shape \(1,\)"),
        ("numbers", 0.5, r"float64 numbers of shape \(\)"),
        ("image", np.full((3, 4, 5), 0.7), r"float64 numbers of shape \(3, 4, 5\)"),
    ],
)
def test_observations_outside_their_space_are_refused(space, observation, got):
    env = Varied(SPACES[space])
    env.observed = lambda: observation
    with pytest.raises(InputError, match=rf"^an environment observed {got}, and its observation_space is Box"):
        vectorised(env).reset()


def test_environments_with_other_spaces_are_refused():
    with pytest.raises(InputError, match=r"^environments that are stepped together differ: .* observes Box"):
        vectorised(Varied(SPACES["numbers"]), Varied(SPACES["image"]))
