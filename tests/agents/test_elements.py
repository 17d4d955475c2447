"""`network.elements`: networks that use a part of the declared symmetry."""

import numpy as np
import pytest
import torch

from nearsym import PPO, SAC, make
from nearsym.envs import symmetry_of
from nearsym.envs.errors import InputError
from nearsym.networks import FAMILIES, family


def errors(agent):
    """By name of each element of the square the relative error of an untrained policy, started at random."""
    env = make("dmc/point_mass-easy")
    symmetry = symmetry_of(env)
    observations = np.random.default_rng(0).standard_normal((64, 4)).astype(np.float32)

    def act(x):
        return agent.predict(x)[0]

    actions = act(observations)
    rep, action = symmetry.observation.rep, symmetry.action
    return {
        name: np.abs(act(rep.apply(g, observations)) - action.apply(g, actions)).max() / np.abs(actions).max()
        for g, name in enumerate(symmetry.group.names)
    }


@pytest.mark.parametrize("kind", [SAC, PPO])
def test_a_policy_keeps_what_it_was_given_and_nothing_else(kind):
    agent = kind(make("dmc/point_mass-easy"), network=family("exact", width=32, elements=["s", "r^2"]))
    found = errors(agent)
    kept = {name for name, error in found.items() if error < 1e-4}
    assert kept == {"e", "s", "r^2", "r^2s"}
    assert min(error for name, error in found.items() if name not in kept) > 1e-2  # negative control


@pytest.mark.parametrize("name", list(FAMILIES))
def test_every_family_takes_a_part(name):
    agent = SAC(make("dmc/point_mass-easy"), network=family(name, width=16, elements=["r"]))
    assert agent.learner.problem.symmetry.group.order == 4


def test_weights_are_those_of_the_part():
    """A quarter of a plain network's where half of the square is used, an eighth with all of it."""
    torch.manual_seed(0)
    counts = [
        sum(p.numel() for p in SAC(make("dmc/point_mass-easy"), network=one).learner.actor.parameters())
        for one in (
            family("plain", width=256),
            family("exact", width=256, elements=["s", "r^2"]),
            family("exact", width=256),
        )
    ]
    assert counts[0] / counts[1] == pytest.approx(4, rel=0.1) and counts[0] / counts[2] == pytest.approx(8, rel=0.1)


def test_elements_without_a_symmetry_are_refused():
    with pytest.raises(InputError, match="needs a symmetry and the environment declares none"):
        SAC(make("MountainCarContinuous-v0"), network=family("plain", elements=["s"]))
