"""Environments stepped in turn against gymnasium's SyncVectorEnv, in everything they return."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from varied import SPACES, Varied, assert_same, played

from nearsym.envs import EpisodeSeeds, vectorised
from nearsym.envs.errors import InputError


def members(space, count, seed):
    return [EpisodeSeeds(Varied(SPACES[space]), seed, first, count) for first in range(count)]


def oracle(space, count, seed):
    makers = [lambda env=env: env for env in members(space, count, seed)]
    return SyncVectorEnv(makers, autoreset_mode=AutoresetMode.DISABLED)


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


class Telling(Varied):
    """Says something of another kind and size every time."""

    def __init__(self, sayings):
        super().__init__(SPACES["numbers"])
        self.sayings = iter(sayings)

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed)[0], {}

    def step(self, action):
        return *super().step(action)[:4], {"said": next(self.sayings)}


@pytest.mark.parametrize(
    ("first", "second"),
    [(np.zeros(1), np.zeros(3)), (1, "left"), ({"deep": 1}, np.zeros(2)), (np.zeros(2), {"deep": 1})],
)
def test_what_is_told_in_infos_need_have_no_common_shape(first, second):
    envs = vectorised(*(EpisodeSeeds(Telling([saying] * 9), 7, k, 2) for k, saying in enumerate((first, second))))
    envs.reset()
    infos = envs.step(np.zeros((2, 2), np.float32))[4]
    assert infos["_said"].tolist() == [True, True]
    assert infos["said"][1] is second or np.array_equal(infos["said"][1], second)
