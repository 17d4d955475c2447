"""Seeds optimised as one learn what each of them learns alone."""

import copy

import pytest
import torch

from nearsym.agents.direct import DirectPortfolio, DirectSettings
from nearsym.agents.direct_seeds import DirectSeeds
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.trading.planted import planted_prices
from nearsym.networks import family

SETTINGS = DirectSettings(steps=3, days=3, batch_size=8, learning_rate=1e-2)


@pytest.fixture(scope="module")
def env():
    prices = planted_prices(assets=4, days=1500)
    kwargs = {"window": 8, "commission": 1e-4, "validation_years": 1, "test_years": 1}
    return make("trading/portfolio", prices=prices, **kwargs).unwrapped


@pytest.fixture(autouse=True)
def double():
    """Adam takes a step of the same length where a gradient is nothing but rounding."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def agents(env, name, seeds=(0, 1), settings=SETTINGS):
    return [DirectPortfolio(env, family(name, width=16, window_channels=2), settings, seed) for seed in seeds]


@pytest.mark.parametrize("name", ["plain", "augmented", "exact", "relaxed", "rpp"])
def test_each_learns_what_it_would_alone(env, name):
    alone, together = agents(env, name), agents(env, name)
    untrained = copy.deepcopy(together[0].actor)
    seeds = DirectSeeds(together)
    found = seeds.learn()
    for agent, rewards in zip(alone, found, strict=True):
        torch.testing.assert_close(torch.tensor(agent.learn()), rewards, rtol=1e-4, atol=1e-4)
    x = torch.randn(20, untrained.in_rep.dim, generator=torch.Generator().manual_seed(0))
    for one, other in zip(alone, together, strict=True):
        torch.testing.assert_close(one.actor(x), other.actor(x), rtol=1e-4, atol=1e-5)
    learned = (together[0].actor(x) - untrained(x)).abs().max()
    between = (together[0].actor(x) - together[1].actor(x)).abs().max()
    assert learned > 0.004 and between > 0.004  # control: by each seed another thing
    starts = torch.tensor([40, 60])
    with torch.no_grad():
        expected = torch.stack([agent.rewards(starts, 5) for agent in together])
    torch.testing.assert_close(seeds.rewards(starts, 5), expected, rtol=1e-4, atol=1e-4)


def test_agents_that_differ_in_more_are_refused(env):
    with pytest.raises(InputError, match="there are no agents"):
        DirectSeeds([])
    with pytest.raises(InputError, match="differ in network or settings"):
        DirectSeeds([*agents(env, "plain"), *agents(env, "exact")])
