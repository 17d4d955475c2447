"""What inspection finds in a trained agent, against a critic written down by hand."""

import numpy as np
import pytest
import torch

from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs import make
from nearsym.networks import family


def agent(choice, **keys):
    network = family(choice, width=8, **keys)
    settings = TrainSettings(env=EnvSettings("InvertedPendulum-v5"), network=network, total_steps=10)
    return build_learner(settings, build_world(settings, 0))


class Linear(torch.nn.Module):
    """Q = 2·cart + 5 + ½·action, for both members."""

    def forward(self, observation, action):
        return (2 * observation[:, 0] + 5 + 0.5 * action[:, 0]).expand(2, -1)


class Still(torch.nn.Module):
    """Always the middle action."""

    def forward(self, observation):
        return torch.zeros(len(observation), 1), torch.zeros(len(observation), 1)


def acting_as(monkeypatch, learner, actor):
    """Let a learner act, and be read, as another actor does."""
    monkeypatch.setattr(learner, "actor", actor)
    monkeypatch.setattr(learner, "acting", lambda features, noise: learner.policy(actor(features), noise))


def test_gaps_and_slopes_of_a_known_critic(monkeypatch):
    plain, env = agent("plain"), make("InvertedPendulum-v5")
    monkeypatch.setattr(plain, "critic", Linear())
    acting_as(monkeypatch, plain, Still())
    inspection = inspect_learner(plain, env, samples=80, seed=0)
    # Q(gs, ga) - Q(s, a) = -2·(2·cart + ½·action/3), actions from -3 to 3; the cart stays near 0
    assert inspection.orbit_gap == pytest.approx(1.0, abs=0.3)
    assert inspection.invariant_error == inspection.orbit_gap / 2
    assert 0.5 < inspection.lipschitz <= 2 + 1e-3  # V = 2·cart + 5 has slope 2 along the cart
    assert inspection.departures == {}


def test_an_exact_critic_has_no_gap():
    env = make("InvertedPendulum-v5")
    exact, plain = (inspect_learner(agent(choice), env, samples=40, seed=0).orbit_gap for choice in ("exact", "plain"))
    assert exact < 1e-5 < 1e-3 < plain


class Pushed(torch.nn.Module):
    """Means proportional to the cart's position, and a push of `push` to the right everywhere."""

    def __init__(self, push):
        super().__init__()
        self.push = push

    def forward(self, observation):
        mean = 0.05 * observation[:, :1] + self.push
        return mean, torch.zeros_like(mean)


@pytest.mark.parametrize(("push", "expected"), [(0.0, 0.0), (5.0, 2.0)])
def test_the_policys_error_is_read_from_what_it_does(monkeypatch, push, expected):
    """A constant push has μ(gs) - ρ(g) μ(s) = 2 μ(s) under a mirror; an odd policy has no error."""
    plain = agent("plain")
    acting_as(monkeypatch, plain, Pushed(push))
    inspection = inspect_learner(plain, make("InvertedPendulum-v5"), samples=30, seed=0)
    assert inspection.actor == pytest.approx([0, expected], abs=1e-2)


def test_an_exact_network_keeps_every_element_and_a_plain_one_does_not():
    env = make("InvertedPendulum-v5")
    exact, plain = (inspect_learner(agent(choice), env, samples=30, seed=0) for choice in ("exact", "plain"))
    assert max(exact.actor + exact.critic) < 1e-5
    assert plain.actor[1] > 0.5 and plain.critic[1] > 1e-3


def test_relaxed_weights_are_read_layer_by_layer():
    relaxed = agent("relaxed")
    with torch.no_grad():
        relaxed.critic.mlp.layers[1].relaxed_weights.theta[..., 0] += 1
    found = inspect_learner(relaxed, make("InvertedPendulum-v5"), samples=10, seed=0).departures
    assert found["critic.layers.1"][1] > 0.5
    assert found["actor.layers.1"] == [0, 0]
    assert np.isfinite(list(found.values())).all()


@pytest.mark.parametrize("name", ["rpp", "complement", "projected", "constrained"])
def test_matrices_are_read_where_there_are_no_relaxed_weights(name):
    learner = agent(name)
    with torch.no_grad():
        layer = learner.critic.mlp.layers[1]
        for part in layer.parameters():
            if part.requires_grad:
                part += torch.randn_like(part)
    found = inspect_learner(learner, make("InvertedPendulum-v5"), samples=10, seed=0).departures
    assert found["critic.layers.1"][0] == 0 and found["critic.layers.1"][1] > 0.5
    assert found["actor.layers.1"] == pytest.approx([0, 0], abs=1e-6)


def test_actor_and_critics_of_two_families_are_each_read_as_what_they_are():
    learner = agent("relaxed", critic="complement")
    with torch.no_grad():
        learner.actor.mlp.layers[1].relaxed_weights.theta[..., 0] += 1
        learner.critic.mlp.layers[1].complement += 1
    found = inspect_learner(learner, make("InvertedPendulum-v5"), samples=10, seed=0).departures
    assert found["actor.layers.1"][1] > 0.5 and found["critic.layers.1"][1] > 0.1
