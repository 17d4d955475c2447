"""An episode is its number and the actions taken in it."""

import gymnasium
import numpy as np
import pytest

from nearsym.envs import EpisodeSeeds, make


class Drift(gymnasium.Env):
    """A random walk pushed by the action, five steps long."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float64)
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.left = self.np_random.normal(size=1), 5
        return self.x, {}

    def step(self, action):
        self.x, self.left = self.x + action + self.np_random.normal(size=1), self.left - 1
        return self.x, 0.0, False, self.left == 0, {}


class Forgetful(Drift):
    """Draws from a generator that no seed reaches."""

    other = np.random.default_rng(0)

    def step(self, action):
        result = super().step(action)
        self.x = self.x + self.other.normal(size=1)
        return self.x, *result[1:]


def play(env, actions):
    return [env.step(action)[0] for action in actions]


@pytest.mark.parametrize("taken", [0, 1, 4])
def test_the_middle_of_an_episode_is_come_back_to(taken):
    actions = np.random.default_rng(0).uniform(-1, 1, (5, 1))
    env = EpisodeSeeds(Drift(), seed=3)
    env.reset(), play(env, actions)
    env.reset(), play(env, actions[:taken])
    episode, done = env.position
    assert episode == 1 and len(done) == taken
    last = env.unwrapped.x.copy()
    rest = play(env, actions[taken:])

    other = EpisodeSeeds(Drift(), seed=3)
    other.go_on(episode, np.array(done), last)
    observation, _ = other.reset()
    np.testing.assert_array_equal(observation, last)
    np.testing.assert_array_equal(play(other, actions[taken:]), rest)
    assert other.position == (2, [])

    stranger = EpisodeSeeds(Drift(), seed=4)  # negative control: another run's episode is another one
    stranger.go_on(episode)
    stranger.reset()
    assert not np.array_equal(play(stranger, actions), [*rest, *rest][: len(actions)])


def test_several_environments_play_the_episodes_of_one():
    one = EpisodeSeeds(Drift(), seed=3)
    starts = [one.reset()[0].item() for _ in range(6)]
    three = [EpisodeSeeds(Drift(), seed=3, first=i, stride=3) for i in range(3)]
    assert [env.reset()[0].item() for _ in range(2) for env in three] == starts
    assert [env.position[0] for env in three] == [3, 4, 5]


def test_an_environment_that_does_not_repeat_itself_begins_the_next_episode():
    env = EpisodeSeeds(Forgetful(), seed=3)
    env.reset(), play(env, np.zeros((2, 1)))
    other = EpisodeSeeds(Forgetful(), seed=3)
    other.go_on(*env.position, env.unwrapped.x)
    with pytest.warns(UserWarning, match="episode 0 does not repeat itself from its seed and actions"):
        observation, _ = other.reset()
    assert other.position == (1, [])
    fresh = EpisodeSeeds(Drift(), seed=3, first=1)
    np.testing.assert_array_equal(observation, fresh.reset()[0])


def test_a_simulator_is_brought_back_to_the_bit():
    actions = np.random.default_rng(0).uniform(-1, 1, (30, 1)).astype(np.float32)
    env = EpisodeSeeds(make("dmc/cartpole-swingup"), seed=0)
    env.reset()
    last = play(env, actions[:20])[-1]
    rest = play(env, actions[20:])
    other = EpisodeSeeds(make("dmc/cartpole-swingup"), seed=0)
    other.go_on(0, actions[:20], last)
    other.reset()
    np.testing.assert_array_equal(play(other, actions[20:]), rest)


def first_observations(env, count):
    return [env.reset()[0] for _ in range(count)]


def test_episodes_follow_from_seed_and_number():
    whole = first_observations(EpisodeSeeds(make("Pendulum-v1"), seed=1), 4)
    later = EpisodeSeeds(make("Pendulum-v1"), seed=1)
    later.episode = 2
    np.testing.assert_array_equal(whole[2:], first_observations(later, 2))
    assert not np.array_equal(whole[0], whole[1])
    assert not np.array_equal(whole, first_observations(EpisodeSeeds(make("Pendulum-v1"), seed=2), 4))
