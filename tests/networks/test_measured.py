"""Layers that are bound to a subgroup which may shrink, against means over dense matrices."""

import numpy as np
import pytest
import torch

from nearsym.envs.symmetry import Representation, Symmetry
from nearsym.networks import Actor, Critic, Exact, equivariance_error, family, parameter_count, transform
from nearsym.networks.features import hidden_representation
from nearsym.networks.kept_linear import KeptMean

pytestmark = pytest.mark.usefixtures("float64")

TURN, FLIP = np.array([[0, -1], [1, 0]]), np.array([[1, 0], [0, -1]])
THIRD = np.array([[-0.5, -np.sqrt(0.75)], [np.sqrt(0.75), -0.5]])


def d4():
    return Symmetry.generated(observation=[np.kron(np.eye(2), TURN), np.kron(np.eye(2), FLIP)], action=[TURN, FLIP])


def c2():
    return Symmetry.reflection(observation=[-1, 1, -1], action=[-1, 1])


def c3():
    """Dense on observations."""
    return Symmetry.generated(observation=[THIRD], action=[[[1.0]]])


def assets():
    """Known by its generators alone."""
    return Symmetry.generated(observation=[[1, 0, 2], [1, 2, 0]], action=[[1, 0, 2], [1, 2, 0]])


def subsets(symmetry):
    """Subgroups, as (rows,) of 1 and 0: all, none, and of D4 the axes' mirrors."""
    names = symmetry.group.names
    found = [[1.0] * len(names)]
    if not symmetry.group.listed:
        return [*found, [0.0] * len(names)]
    found.append([float(name == "e") for name in names])
    if len(names) == 8:
        found.append([float(name in ("e", "s", "r^2", "r^2s")) for name in names])
    return found


@pytest.mark.parametrize("make", [c2, d4, c3])
def test_the_mean_over_a_subgroup_is_the_mean_of_its_matrices(make):
    symmetry = make()
    hidden = hidden_representation(symmetry.observation.rep)
    for in_rep, out_rep in ((symmetry.observation.rep, hidden), (hidden, hidden), (hidden, symmetry.action)):
        for kept in subsets(symmetry):
            w = torch.randn(2, 3 * out_rep.dim, 2 * in_rep.dim)
            mean = KeptMean(out_rep, in_rep)(w, torch.tensor(kept)).view(2, 3, out_rep.dim, 2, in_rep.dim)
            block = w.view(2, 3, out_rep.dim, 2, in_rep.dim)[1, 2, :, 1].numpy()
            moved = [out_rep.matrix[h] @ block @ in_rep.matrix[h].T for h in np.flatnonzero(kept)]
            np.testing.assert_allclose(mean[1, 2, :, 1].numpy(), np.mean(moved, axis=0), atol=1e-9)


@pytest.mark.parametrize("make", [c2, d4, c3, assets])
def test_shrinking_what_is_kept_changes_no_function_and_frees_what_is_left_out(make):
    symmetry, settings = make(), family("measured", width=24)
    rep, action = symmetry.observation.rep, symmetry.action
    actor, x = Actor(rep, action, settings), torch.randn(5, symmetry.observation.rep.dim)
    before = actor(x)[0].detach()
    assert equivariance_error(lambda x: actor(x)[0], rep, action, x).max() < 1e-9
    for kept in subsets(symmetry)[1:][::-1]:  # a smaller one each time
        settings.keep(actor, torch.tensor(kept))
        torch.testing.assert_close(actor(x)[0], before, atol=1e-9, rtol=0)
        with torch.no_grad():
            for layer in [*actor.mlp.layers, *actor.mlp.heads]:
                layer.weight.add_(0.1 * torch.randn_like(layer.weight))
                layer.bias.add_(0.1 * torch.randn_like(layer.bias))
        before = actor(x)[0].detach()
        errors = equivariance_error(lambda x: actor(x)[0], rep, action, x)
        for g, error in enumerate(errors.tolist()):
            holds = kept[g] or (symmetry.group.listed and g == 0)
            assert (error < 1e-9) if holds else (error > 1e-3)


def test_keeping_more_again_does_change_the_function():
    """Negative control of the test above: only to shrink is harmless."""
    settings, symmetry = family("measured", width=16), c2()
    actor, x = Actor(symmetry.observation.rep, symmetry.action, settings), torch.randn(5, 3)
    settings.keep(actor, torch.tensor([1.0, 0.0]))
    with torch.no_grad():
        for layer in actor.mlp.layers:
            layer.weight.add_(0.3 * torch.randn_like(layer.weight))
    before = actor(x)[0].detach()
    settings.keep(actor, torch.tensor([1.0, 1.0]))
    assert (actor(x)[0] - before).abs().max() > 1e-3


@pytest.mark.parametrize("make", [c2, d4])
def test_adam_keeps_the_free_matrix_equivariant_while_all_is_kept(make):
    """So that it learns as a layer that shares its weights, one step for all of an orbit."""
    symmetry, settings = make(), family("measured", width=16)
    critic = Critic(symmetry.observation.rep, symmetry.action, settings, members=2)
    optimizer = torch.optim.Adam([p for p in critic.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(20):
        observations, actions = torch.randn(8, symmetry.observation.rep.dim), torch.randn(8, symmetry.action.dim)
        optimizer.zero_grad()
        critic(observations, actions).square().mean().backward()
        optimizer.step()
    for layer in critic.mlp.layers:
        assert (layer.mean(layer.weight, layer.kept) - layer.weight).abs().max() < 1e-9
    settings.keep(critic, torch.tensor(subsets(symmetry)[1]))
    loss = critic(observations, actions).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    for layer in critic.mlp.layers:  # negative control
        assert (layer.mean(layer.weight, torch.ones_like(layer.kept)) - layer.weight).abs().max() > 1e-4


def test_it_starts_as_an_exact_network_and_has_a_plain_one_s_weights():
    symmetry = d4()
    torch.manual_seed(1)
    exact = Actor(symmetry.observation.rep, symmetry.action, Exact(width=16))
    torch.manual_seed(1)
    measured = Actor(symmetry.observation.rep, symmetry.action, family("measured", width=16))
    plain = Actor(symmetry.observation.rep, symmetry.action, family("plain", width=16))
    x = torch.randn(4, 4)
    torch.testing.assert_close(measured(x)[0], exact(x)[0])
    assert parameter_count(measured) == parameter_count(plain)


def test_it_says_what_is_kept():
    settings, symmetry = family("measured", width=16), d4()
    actor = Actor(symmetry.observation.rep, symmetry.action, settings)
    assert float(settings.relaxation(actor)) == 0 and float(settings.relaxation(torch.nn.Linear(1, 1))) == 0
    settings.keep(actor, torch.tensor(subsets(symmetry)[2]))
    assert float(settings.relaxation(actor)) == 0.5
    assert all((departure < 1e-9).all() for departure in settings.departures(actor).values())


def test_a_dense_group_is_kept_too():
    rep, trivial = c3().observation.rep, Representation.trivial(c3().group)
    layer = family("measured").linear(Representation.regular(rep.group), rep, 2, 1)
    x = torch.randn(3, 6)
    moved = transform(Representation.regular(rep.group), 1, x.view(3, 2, 3)).reshape(3, 6)
    torch.testing.assert_close(transform(rep, 1, layer(x)), layer(moved))
    assert trivial.dim == 1
