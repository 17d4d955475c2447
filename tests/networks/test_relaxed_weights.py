"""What of relaxed weights is free, and how long a step banks of filters take together."""

import copy
import itertools

import numpy as np
import pytest
import torch

from nearsym.envs.symmetry import Representation, Symmetry
from nearsym.networks import Actor, RelaxedLinear, family
from nearsym.networks.relaxed_weights import RelaxedWeights

pytestmark = pytest.mark.usefixtures("float64")

ORBITS = [np.array([0, 3, 4]), np.array([1]), np.array([2, 7]), np.array([5, 6])]


def weights(orbits=ORBITS, learned=True):
    """With random parameters."""
    found = RelaxedWeights(orbits, (2, 3), learned)
    with torch.no_grad():
        found.theta.normal_()
    return found


@pytest.mark.parametrize("orbits", [ORBITS, [np.arange(8)]], ids=["many orbits", "one orbit"])
def test_their_mean_over_every_orbit_is_one(orbits):
    found = weights(orbits)
    w = found().detach()
    for orbit in orbits:
        torch.testing.assert_close(w[..., orbit].mean(dim=-1), torch.ones(2, 3))
        inside = found.theta.detach()[..., orbit]
        torch.testing.assert_close(w[..., orbit] - w[..., orbit[:1]], inside - inside[..., :1])


def test_what_an_orbit_has_in_common_is_not_theirs():
    found = weights()
    before = found().detach()
    with torch.no_grad():
        found.theta[..., ORBITS[0]] += 5
    torch.testing.assert_close(found().detach(), before)
    with torch.no_grad():
        found.theta[..., 3] += 5
    assert (found().detach() - before).abs().max() > 1


def test_those_that_are_not_learned_stay_one():
    assert (weights(learned=False)() == 1).all()
    assert not weights(learned=False).theta.requires_grad


def test_their_penalty_by_loops():
    found = weights()
    w = found().detach()
    expected = sum(
        (w[..., g] - w[..., h]).abs().sum().item() / (len(orbit) - 1)
        for orbit in ORBITS
        for g, h in itertools.permutations(orbit, 2)
    )
    assert found.penalty().item() == pytest.approx(expected)


def test_a_frozen_copy_does_what_the_learning_one_does():
    """Target networks of some agents take no gradients; their relaxed weights are what was learned all the same."""
    symmetry = Symmetry.reflection(observation=[-1, 1], action=[-1])
    actor = Actor(symmetry.observation.rep, symmetry.action, family("relaxed", width=8))
    with torch.no_grad():
        for part in actor.modules():
            if isinstance(part, RelaxedWeights):
                part.theta.normal_()
    x = torch.randn(5, 2)
    target = copy.deepcopy(actor).requires_grad_(False)
    assert torch.equal(target(x)[0], actor(x)[0])


@pytest.mark.parametrize("banks", [1, 4])
def test_banks_do_not_lengthen_an_optimizers_step(banks):
    """Their gradients are equal at the start; a step of Adam moves W by its learning rate, as in an exact layer."""
    hidden = Representation.regular(Symmetry.reflection(observation=[-1], action=[-1]).group)
    layer = RelaxedLinear(hidden, hidden, 2, 3, banks=banks)
    before = layer.expand()[0].detach().clone()
    optimizer = torch.optim.Adam([layer.filters], lr=0.01)
    layer.expand()[0].sum().backward()
    optimizer.step()
    torch.testing.assert_close(before - layer.expand()[0].detach(), torch.full_like(before, 0.01), rtol=1e-4, atol=0)
