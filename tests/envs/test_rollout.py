"""The rollout loop against loops written by hand, for one environment and for several."""

import itertools

import gymnasium
import numpy as np
import pytest

from nearsym.envs import EpisodeSeeds, make
from nearsym.envs.rollout import episodes, rollout
from nearsym.envs.vector import vectorised


class Count(gymnasium.Env):
    """Observes how many steps it has taken; the episode's seed says how many there are, and how it ends."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.length, self.step_number = int(self.np_random.integers(1, 6)), 0
        return self.observed(), {}

    def step(self, action):
        self.step_number += 1
        over = self.step_number == self.length
        reward = float(action[0]) + self.np_random.random()
        ends = over and self.length % 2 == 0
        return self.observed(), reward, ends, over and not ends, {"length": self.length}

    def observed(self):
        return np.array([self.step_number, self.length], dtype=np.float64)


class Parted(Count):
    """The same as a Dict, with numbers of different types."""

    observation_space = gymnasium.spaces.Dict(
        {
            "step": gymnasium.spaces.Box(0, 255, (1,), np.uint8),
            "length": gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float64),
        }
    )

    def observed(self):
        return {"step": np.array([self.step_number], np.uint8), "length": np.array([self.length + 1e-12])}


def by_hand(env, act, count):
    """[(number, observation, action, reward, next observation, terminated, truncated), …] of `count` episodes."""
    rows = []
    for number in range(count):
        observation, _ = env.reset()
        over = False
        while not over:
            action = act(observation)
            after, reward, terminated, truncated, _ = env.step(action)
            rows.append((number, observation, action, reward, after, terminated, truncated))
            observation, over = after, terminated or truncated
    return rows


def policy(observation):
    return np.sin(observation[:1]).astype(np.float32)


def acting(observations, memory):
    return np.array([policy(observation) for observation in observations]), memory


def taken(envs, count):
    """The rows of the first `count` episodes by episode and step, as `by_hand` gives them."""
    rows = []
    for step in rollout(envs, acting):
        columns = (step.episodes, step.observations, step.actions, step.rewards, step.next_observations)
        rows += zip(*columns, step.terminated, step.truncated, strict=True)
        if sum(row[0] < count and bool(row[5] or row[6]) for row in rows) == count:
            break
    return sorted((row for row in rows if row[0] < count), key=lambda row: row[0])


def assert_same(one, two):
    assert len(one) == len(two)
    for a, b in zip(one, two, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("id", ["count", "dmc/cartpole-swingup"])
def test_one_environment_plays_what_a_loop_by_hand_plays(id):
    def new():
        return EpisodeSeeds(Count() if id == "count" else make(id, action_repeat=100), seed=3)

    played = 30 if id == "count" else 2
    assert_same(taken(vectorised(new()), played), by_hand(new(), policy, played))
    with pytest.raises(AssertionError):  # another seed gives other episodes
        assert_same(taken(vectorised(EpisodeSeeds(new().env, seed=4)), played), by_hand(new(), policy, played))


def several(stride=3, seed=3):
    return vectorised(*(EpisodeSeeds(Count(), seed, first, stride) for first in range(3)))


def test_three_environments_play_the_episodes_of_one():
    assert_same(taken(several(), 30), by_hand(EpisodeSeeds(Count(), 3), policy, 30))
    with pytest.raises(AssertionError):  # without its place in the sequence each plays the same ones
        assert_same(taken(several(stride=1), 30), by_hand(EpisodeSeeds(Count(), 3), policy, 30))


def test_final_observations_are_those_of_the_episode_that_ends():
    steps = list(itertools.islice(rollout(several(), acting), 40))
    for step, after in itertools.pairwise(steps):
        number, length = step.next_observations.T
        assert (step.ended == (number == length)).all() and (step.infos["length"] == length).all()
        assert (after.first == step.ended).all()
        np.testing.assert_array_equal(after.observations[~step.ended], step.next_observations[~step.ended])
        assert (after.observations[step.ended, 0] == 0).all()
        assert (after.episodes - step.episodes == 3 * step.ended).all()


def test_episodes_come_in_order_with_their_returns():
    rows = by_hand(EpisodeSeeds(Count(), 3), policy, 10)
    expected = [[row[3] for row in rows if row[0] == number] for number in range(10)]
    for envs in (vectorised(EpisodeSeeds(Count(), 3)), several()):
        found = episodes(envs, acting, 10)
        assert [episode.number for episode in found] == list(range(10))
        assert [episode.rewards for episode in found] == expected
        assert [episode.undiscounted for episode in found] == [sum(rewards) for rewards in expected]
    assert episodes(several(), acting, 0) == []
    assert len(episodes(several(), acting, 2)) == 2  # fewer than there are environments


def remembering(observations, memory):
    """Counts its own steps and the actions it took, which are its count so far."""
    return memory["steps"][:, None].astype(np.float32) / 10, {"steps": memory["steps"] + 1, "last": (memory["steps"],)}


def beginning(numbers):
    return {"steps": np.zeros(len(numbers), dtype=int), "last": (-1 - numbers,)}


def test_memory_begins_anew_where_an_episode_ended_and_nowhere_else():
    for step in itertools.islice(rollout(several(), remembering, beginning), 40):
        steps, last = step.memory["steps"], step.memory["last"][0]
        np.testing.assert_array_equal(steps, step.observations[:, 0])
        np.testing.assert_array_equal(last, np.where(step.first, -1 - step.episodes, steps - 1))
        np.testing.assert_array_equal(step.actions[:, 0], (steps / 10).astype(np.float32))


def test_a_memory_that_is_not_forgotten_is_seen():
    def stubborn(observations, memory):
        stubborn.steps += 1
        return np.zeros((3, 1), np.float32), {"steps": stubborn.steps + np.zeros(3), "last": memory["last"]}

    stubborn.steps = 0
    steps = itertools.islice(rollout(several(), stubborn, beginning), 40)
    assert any((step.memory["steps"] != step.observations[:, 0]).any() for step in steps)


def test_memory_may_be_tensors():
    import torch

    def act(observations, memory):
        return np.zeros((3, 1), np.float32), memory + 1

    for step in itertools.islice(rollout(several(), act, lambda numbers: torch.zeros(len(numbers), 2)), 40):
        assert isinstance(step.memory, torch.Tensor)
        np.testing.assert_array_equal(step.memory.numpy()[:, 1], step.observations[:, 0])


def test_dict_observations_keep_their_types():
    envs = vectorised(*(EpisodeSeeds(Parted(), 3, first, 2) for first in range(2)))
    act = lambda observations, memory: (observations["step"].astype(np.float32), memory)  # noqa: E731
    for step in itertools.islice(rollout(envs, act), 20):
        for seen in (step.observations, step.next_observations):
            assert seen["step"].dtype == np.uint8 and seen["length"].dtype == np.float64
            assert (seen["length"] % 1 != 0).all()  # a float32 would have lost it
        after = step.next_observations
        assert (step.ended == (after["step"] == np.floor(after["length"]))[:, 0]).all()


def test_seeds_and_length_of_episodes_may_be_given():
    env = make("Pendulum-v1")
    steps = list(itertools.islice(rollout(vectorised(env), acting, seeds=lambda n: 7 + n, longest=4), 9))
    assert [bool(step.truncated[0]) for step in steps] == [False, False, False, True] * 2 + [False]
    for number in range(3):
        np.testing.assert_array_equal(steps[4 * number].observations[0], env.reset(seed=7 + number)[0])
    assert len(episodes(vectorised(env), acting, 2, longest=4)[1].rewards) == 4


def test_what_was_yielded_stays_as_it_was():
    kept = [
        (step, step.next_observations.copy(), step.terminated.copy(), step.memory["steps"].copy())
        for step in itertools.islice(rollout(several(), remembering, beginning), 20)
    ]
    for step, *values in kept:
        now = (step.next_observations, step.terminated, step.memory["steps"])
        for value, same in zip(values, now, strict=True):
            np.testing.assert_array_equal(value, same)
