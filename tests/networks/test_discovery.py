"""Departures of relaxed weights against the equivariance of the layers they belong to."""

import numpy as np
import pytest
import torch

from nearsym.envs.symmetry import Group, Representation, Symmetry
from nearsym.networks import Actor, RelaxedLinear, departures, equivariance_error, family

REGULAR = Representation.regular(Group.dihedral(4))


pytestmark = pytest.mark.usefixtures("float64")


def layer_that_keeps(elements):
    """A relaxed layer whose weights are constant under the given elements and random otherwise."""
    layer = RelaxedLinear(REGULAR, REGULAR, 2, 2, banks=2)
    weights = torch.randn(1, 2, 8)
    index = REGULAR.arrays[0]
    for _ in range(200):  # averaging over the elements in turn converges to weights that all of them keep
        for g in elements:
            weights = (weights + weights[..., torch.tensor(index[g])]) / 2
    with torch.no_grad():
        layer.relaxed_weights.theta.copy_(weights)
    return layer


@pytest.mark.parametrize("kept", [[], [4], [2], [1], [2, 4], [1, 4]])
def test_a_departure_is_zero_exactly_for_the_elements_a_layer_keeps(kept):
    layer = layer_that_keeps(kept)
    (departure,) = departures(torch.nn.Sequential(layer)).values()
    error = equivariance_error(lambda x: layer(x)[0], REGULAR.copies(2), REGULAR.copies(2), torch.randn(5, 16))
    zero = departure < 1e-10
    assert zero.tolist() == (error < 1e-8).tolist()
    assert all(zero[g] for g in [0, *kept])
    assert zero.all() == (kept == [1, 4])


def test_departure_by_hand():
    symmetry = Symmetry.reflection(observation=[-1], action=[-1])
    actor = Actor(symmetry.observation.rep, symmetry.action, family("relaxed", width=4, depth=1))
    assert all(not departure.any() for departure in departures(actor).values())
    with torch.no_grad():
        actor.mlp.layers[0].relaxed_weights.theta[0, 0] = torch.tensor([0.7, -0.1])
    found = departures(actor)["mlp.layers.0"]
    np.testing.assert_allclose(found, [0, (0.8 + 0.8) / 2])  # w is (1.4, 0.6)


def test_a_relaxed_bias_leaves_the_elements_that_move_it():
    layer = RelaxedLinear(REGULAR, REGULAR, 2, 3, relax_biases=True)
    with torch.no_grad():
        layer.relaxed_bias.view(3, 8)[1, 0] = 0.5
    (departure,) = departures(torch.nn.Sequential(layer)).values()
    error = equivariance_error(lambda x: layer(x)[0], REGULAR.copies(2), REGULAR.copies(3), torch.randn(5, 16))
    assert (departure[1:] > 1e-3).all() and (error[1:] > 1e-3).all() and departure[0] == error[0] == 0
    assert departure[1].item() == pytest.approx(2 * 0.5 / 24 / layer.expand()[0].norm(dim=-1).mean().item())
    with torch.no_grad():
        layer.relaxed_bias.view(3, 8)[:] = torch.tensor([0.5, -0.2, 0.0])[:, None]
    (departure,) = departures(torch.nn.Sequential(layer)).values()
    assert not departure.any()


def test_networks_without_relaxed_weights_have_none():
    symmetry = Symmetry.reflection(observation=[-1], action=[-1])
    for choice in ("plain", "exact", "rpp"):
        actor = Actor(symmetry.observation.rep, symmetry.action, family(choice, width=4))
        assert departures(actor) == {}
