"""Direct optimisation: the environment's own rewards, learned where there is something to learn and nowhere else."""

import numpy as np
import pytest
import torch

from nearsym.agents.direct import DirectPortfolio, DirectSettings
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.trading.evaluation import trade
from nearsym.envs.trading.planted import planted_prices
from nearsym.networks import FAMILIES, family


def market(prices=None, **kwargs):
    prices = planted_prices(assets=4, days=1500) if prices is None else prices
    kwargs = {"window": 8, "commission": 1e-4, "validation_years": 1, "test_years": 1, **kwargs}
    return make("trading/portfolio", prices=prices, **kwargs).unwrapped


def small(name, **keys):
    return family(name, width=16, window_channels=2, **keys)


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"short": True, "leverage": 2.0},
        {"reward": "risk_penalised"},
        {"commission": 0.05},
        {"commission": [0.0, 0.05, 0.01, 0.0]},
        {"short": True, "leverage": 2.0, "interest": 0.9, "borrowing": 0.9},
    ],
)
def test_rewards_are_those_of_the_environment(kwargs):
    """Day by day, with drift, delay, costs and noise of a policy that trades a lot."""
    env = market(**kwargs)
    agent = DirectPortfolio(env, small("plain"))
    with torch.no_grad():
        for parameter in agent.actor.parameters():
            parameter.mul_(2)
    start = env.split.train[0]
    env.set_split("train", whole=True)
    observation, _ = env.reset()
    rewards = []
    # the environment starts in cash: the first reward, of buying, is another one, and so are what follows from weights
    for day in range(12):
        if day == 1 and "short" not in kwargs:
            held = np.full(4, 1 / 4)
            close = env.prices.close[env.day]
            env.account.shares, env.account.cash = held * 1e6 / close, 0.0
            observation = env.observation()
        observation, reward, *_ = env.step(agent.policy(observation))
        rewards.append(reward)
    first = 0 if "short" in kwargs else 1
    with torch.no_grad():
        found = agent.rewards(torch.tensor([start + first]), 12 - first)[0]
    np.testing.assert_allclose(found, rewards[first:], atol=2e-3)
    assert np.ptp(rewards) > 0.1
    with torch.no_grad():
        shifted = agent.rewards(torch.tensor([start + first + 1]), 12 - first)[0]  # control: a day later
    assert np.abs(shifted - np.array(rewards[first:])).max() > 0.1


def after(env, agent, split):
    env.set_split(split, whole=True)
    return 252 * env.rewards_of(trade(agent.policy, env, env).returns).mean()


@pytest.mark.parametrize("name", ["relaxed"])
def test_a_planted_signal_is_learned(name):
    """In sample and on days never seen; where nothing is planted, nothing is gained on these."""
    gains = {}
    for strength in (0.4, 0.0):
        env = market(planted_prices(assets=4, days=1500, strength=strength))
        agent = DirectPortfolio(env, small(name), DirectSettings(steps=120, learning_rate=3e-3), seed=0)
        before = {split: after(env, agent, split) for split in ("train", "test")}
        agent.learn()
        gains[strength] = {split: after(env, agent, split) - before[split] for split in before}
    assert gains[0.4]["train"] > 20 and gains[0.4]["test"] > 20  # percent a year
    assert gains[0.0]["test"] < 10


LAYERS_SUFFICE = sorted(set(FAMILIES) - {"gated", "mirror", "adaptive", "measured"})


@pytest.mark.parametrize("name", LAYERS_SUFFICE)
def test_every_family_takes_a_step(name):
    env = market()
    agent = DirectPortfolio(env, small(name), DirectSettings(days=3, batch_size=8), seed=1)
    states = torch.tensor(np.random.default_rng(0).standard_normal((20, agent.actor.in_rep.dim)), dtype=torch.float32)
    before = agent.actor(states)
    rewards = agent.learn(2)
    assert len(rewards) == 2 and np.isfinite(rewards).all()
    assert not torch.allclose(agent.actor(states), before)
    again = DirectPortfolio(env, small(name), DirectSettings(days=3, batch_size=8), seed=1)
    assert again.learn(2) == rewards  # seeded


def test_augmentation_shows_every_asset_everywhere():
    """With every group element drawn the mean gain is that of the symmetrised policy: moving days moves no reward."""
    env = market()
    plain, moved = (DirectPortfolio(env, small(name), seed=0) for name in ("exact", "augmented"))
    moved.actor = plain.actor  # an equivariant policy does the same on moved days
    starts = torch.arange(40, 60)
    with torch.no_grad():
        _, element = moved.draw()
        element = type(element)(*(each[: len(starts)] for each in element))
        torch.testing.assert_close(moved.rewards(starts, 4, element), plain.rewards(starts, 4), rtol=1e-3, atol=1e-3)
        other = DirectPortfolio(env, small("plain"), seed=0)
        moved.actor = other.actor  # control: one that is not does something else
        assert (moved.rewards(starts, 4, element) - other.rewards(starts, 4)).abs().max() > 0.01
        torch.testing.assert_close(moved.rewards(starts, 4), other.rewards(starts, 4))  # as it is, without elements


def test_losses_on_batches_and_audits_are_refused():
    with pytest.raises(InputError, match=r"network=mirror has losses that look at batches, which direct optim"):
        DirectPortfolio(market(), small("mirror"))
    with pytest.raises(InputError, match=r"network=measured audits what is replayed, which direct optimisation"):
        DirectPortfolio(market(), small("measured"))


def test_environments_without_weights_are_refused():
    for env in (make("dmc/cartpole-swingup"), market(reward="differential_sharpe")):
        with pytest.raises(InputError, match="direct optimisation needs a portfolio"):
            DirectPortfolio(env, small("plain"))
    with pytest.raises(InputError, match="learning_rate is 0"):
        DirectSettings(learning_rate=0)
    with pytest.raises(InputError, match="steps is 0"):
        DirectSettings(steps=0)
