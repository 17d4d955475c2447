"""Every argument of `nearsym.SAC` that stock stable-baselines3 has too does there what it does here."""

from dataclasses import fields

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import torch

from nearsym.agents import SAC
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.envs import EpisodeSeeds
from nearsym.envs.errors import InputError
from nearsym.networks import family


class Line(gymnasium.Env):
    """A point on a line pushed towards 0; ends at |x| > 1.2, is cut off after 10 steps."""

    observation_space = gymnasium.spaces.Box(-10, 10, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-2, 2, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.t = float(self.np_random.uniform(-1, 1)), 0
        return self.seen(), {}

    def seen(self):
        return np.array([self.x, 0.1 * self.t], dtype=np.float32)

    def step(self, action):
        self.x += 0.5 * float(action[0])
        self.t += 1
        return self.seen(), 1 - abs(self.x), abs(self.x) > 1.2, self.t >= 10, {}


COMMON = {"learning_starts": 20, "batch_size": 16}

ARGUMENTS = [  # ours, stock's
    ({}, {}),
    ({"learning_rate": 3e-3}, {"learning_rate": 3e-3}),
    ({"batch_size": 32}, {"batch_size": 32}),
    ({"discount": 0.5}, {"gamma": 0.5}),
    ({"buffer_size": 30}, {"buffer_size": 30}),
    ({"learning_starts": 33}, {"learning_starts": 33}),
    ({"tau": 0.3}, {"tau": 0.3}),
    ({"train_every": 3}, {"train_freq": 3}),
    ({"gradient_steps": 2}, {"gradient_steps": 2}),
    ({"n_steps": 3, "discount": 0.8}, {"n_steps": 3, "gamma": 0.8}),
    ({"n_steps": 3, "buffer_size": 30}, {"n_steps": 3, "buffer_size": 30}),
    ({"entropy_coefficient": 0.2}, {"ent_coef": 0.2}),
    ({"target_entropy": 3.0}, {"target_entropy": 3.0}),
    ({"first_temperature": 0.3}, {"ent_coef": "auto_0.3"}),
]

ELSEWHERE = {"name", "features", "filters", "precision", "log_std_min", "log_std_max", "normalise"}
"""Of images, of bounds that stock does not let one choose, or of what it does not have."""


def parameters(mine, stock):
    """(ours, stock's), every weight and bias of actor, critics and delayed critics."""
    actor, mlp = stock.actor, mine.actor.mlp
    layers = [(mlp.layers[0], 0, actor.latent_pi[0]), (mlp.layers[1], 0, actor.latent_pi[2])]
    layers += [(mlp.heads[0], 0, actor.mu), (mlp.heads[1], 0, actor.log_std)]
    for ours, theirs in ((mine.critic, stock.critic), (mine.critic_target, stock.critic_target)):
        for member in range(2):
            net, mlp = theirs.q_networks[member], ours.mlp
            layers += [(mlp.layers[i], member, net[2 * i]) for i in range(2)]
            layers.append((mlp.heads[0], member, net[4]))
    return [pair for a, m, b in layers for pair in ((a.weight[m], b.weight), (a.bias[m], b.bias))]


@pytest.fixture
def trained(monkeypatch):
    """Parameters of both after as many steps, from the same weights and without sampling noise."""
    zeros = lambda shape, dtype, device: torch.zeros(shape, dtype=dtype, device=device)  # noqa: E731

    def both(ours, theirs, steps=60):
        with monkeypatch.context() as patch:
            patch.setattr("torch.distributions.normal._standard_normal", zeros)
            patch.setattr("torch.randn", zeros)
            patch.setattr("torch.randn_like", torch.zeros_like)
            agent = SAC(Line(), family("plain", width=16), seed=0, **{**COMMON, **ours})
            stock = stable_baselines3.SAC(
                "MlpPolicy",
                EpisodeSeeds(Line(), 0),
                policy_kwargs={"net_arch": [16, 16]},
                seed=0,
                **{**COMMON, **theirs},
            )
            with torch.no_grad():
                for a, b in parameters(agent.learner, stock):
                    b.copy_(a)
            np.random.seed(7)
            agent.learn(steps)
            np.random.seed(7)
            stock.learn(steps)
        return [(a.detach().clone(), b.detach().clone()) for a, b in parameters(agent.learner, stock)]

    return both


def apart(pairs):
    return max((a - b).abs().max().item() for a, b in pairs)


@pytest.mark.parametrize(("ours", "theirs"), ARGUMENTS, ids=lambda given: "-".join(map(str, given)))
def test_an_argument_does_what_it_does_in_stock(trained, ours, theirs):
    pairs = trained(ours, theirs)
    assert apart(pairs) < 1e-5
    if ours:  # negative control: left out on one side, it is seen
        assert apart(trained(ours, {})) > 1e-4


def test_no_argument_is_left_out():
    tested = {name for ours, _ in ARGUMENTS for name in ours}
    assert {field.name for field in fields(SACSettings)} == tested | ELSEWHERE


@pytest.mark.parametrize("keys", [{"log_std_max": 1e308}, {"log_std_min": -1e308}, {"log_std_max": float("nan")}])
def test_standard_deviations_that_are_no_numbers_are_refused(keys):
    (name,) = keys
    with pytest.raises(InputError, match=rf"agent\.{name} is .*, expected a number"):
        SACSettings(**keys)
