"""Audits and markets carry the memory of a policy on, and begin it anew with every episode."""

import gymnasium
import numpy as np
import pytest

from nearsym.envs import make, symmetry_of
from nearsym.envs.auditing import sample_transitions, visited_images
from nearsym.envs.auditing.transitions import EPISODE
from nearsym.envs.auditing.visited import EPISODES
from nearsym.envs.rollout import Remembering
from nearsym.envs.trading.evaluation import trade
from nearsym.envs.trading.portfolio import Portfolio
from nearsym.envs.trading.prices import Prices

SPLIT = {"validation_years": 1, "test_years": 1}


def counting(env, *, forgets=False):
    """Acts 0.001 k at step k of an episode, or 0 at each when it forgets."""

    def act(observations, memory):
        actions = 0.001 * memory[:, None] * np.ones(env.action_space.shape)
        return actions, memory if forgets else memory + 1

    return Remembering(act, lambda episodes: np.zeros(len(episodes)))


class Watched(gymnasium.Wrapper):
    """Remembers the first coordinate of what it was told to do, episode by episode."""

    def __init__(self, env):
        super().__init__(env)
        self.told = []

    def reset(self, **kwargs):
        self.told.append([])
        return self.env.reset(**kwargs)

    def step(self, action):
        self.told[-1].append(float(action[0]))
        return self.env.step(action)


@pytest.mark.parametrize("forgets", [False, True])
def test_of_sampled_transitions(forgets):
    """The policy acts in every second step of every second episode, and sees the others."""
    env = make("Pendulum-v1")
    sampled = sample_transitions(env, 2 * EPISODE, 0, counting(env, forgets=forgets))
    told = sampled.actions[(sampled.episodes == 1), 0][1::2]
    np.testing.assert_allclose(told, 0.0 if forgets else 0.001 * np.arange(1, EPISODE, 2), atol=1e-9)


def test_of_visited_images():
    env = Watched(make("Pendulum-v1"))
    rep = symmetry_of(env).ordered(env.observation_space).observation.rep
    visited_images(env, counting(env), rep, 0)
    assert len(env.told) == EPISODES
    for told in env.told:
        np.testing.assert_allclose(told, 0.001 * np.arange(200), rtol=1e-6)


def test_of_a_traded_period():
    days, steps = np.datetime64("2010-01-04") + np.arange(900), np.random.default_rng(0).standard_normal((900, 3))
    prices = Prices(days, ("A", "B", "C"), 100 * np.exp(np.cumsum(0.01 * steps, axis=0)), source="a made-up market")
    env = Watched(Portfolio(prices=prices, window=20, **SPLIT))
    env.unwrapped.set_split("test", True)
    trade(counting(env), env, env.unwrapped)
    (told,) = env.told
    assert len(told) > 50
    np.testing.assert_allclose(told, 0.001 * np.arange(len(told)), rtol=1e-6)
