"""Matrices are remembered between predictions, and never a step too long."""

import copy

import pytest
import torch
from stable_baselines3.common.utils import polyak_update

from nearsym.envs.symmetry import Group, Representation
from nearsym.networks import RelaxedLinear, ResidualLinear

pytestmark = pytest.mark.usefixtures("float64")


def randomize(layer):
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_()


def residual(*args, **kwargs):
    return ResidualLinear(RelaxedLinear(*args, relaxed=False, **kwargs))


@pytest.mark.parametrize("make", [RelaxedLinear, residual])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_remembered_expansions_follow_every_way_of_writing_parameters(make, mode):
    in_rep = out_rep = Representation.regular(Group.dihedral(4))
    layer, other = make(in_rep, out_rep, 2, 2), make(in_rep, out_rep, 2, 2)
    randomize(layer)
    randomize(other)
    getattr(layer, mode)()
    x = torch.randn(3, 2 * in_rep.dim)
    keys = set(layer.state_dict())

    def check():
        with torch.no_grad():
            remembered = layer(x)
            fresh = copy.deepcopy(layer)
            assert fresh._cache is None
            assert torch.equal(remembered, fresh(x))
        return remembered.clone()

    seen = [check()]

    def step():
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.1, fused=True)
        layer(x).square().sum().backward()
        optimizer.step()

    writes = [
        step,
        lambda: polyak_update(other.parameters(), layer.parameters(), 0.5),  # writes through .data
        lambda: layer.load_state_dict(other.state_dict()),
        lambda: next(iter(layer.parameters())).data.mul_(2),
        lambda: layer.train(mode == "eval"),
    ]
    for write in writes[:-1]:
        write()
        seen.append(check())
        assert not torch.equal(seen[-1], seen[-2])
    writes[-1]()
    assert torch.equal(check(), seen[-1])
    assert set(layer.state_dict()) == keys


def test_expansions_are_remembered_only_without_gradients(monkeypatch):
    in_rep = out_rep = Representation.regular(Group.cyclic(2))
    layer = RelaxedLinear(in_rep, out_rep)
    calls = []
    expand = layer.expand
    monkeypatch.setattr(layer, "expand", lambda: calls.append(1) or expand())
    x = torch.randn(2, in_rep.dim)
    with torch.no_grad():
        layer(x), layer(x)
    assert len(calls) == 1
    layer(x).sum().backward()
    assert len(calls) == 2
    assert layer.filters.grad is not None and bool(layer.filters.grad.any())
