"""Adam on flat parameters against torch's own."""

import copy

import pytest
import torch
from torch import nn

from nearsym.agents.algorithms.adam import Adam
from nearsym.agents.algorithms.flat import Flat

SHAPES = [(2, 7, 5), (3,), (), (1, 64, 64)]


def parameters(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def groups(tensors):
    return [{"params": tensors[:2], "lr": 1e-3}, {"params": tensors[2:], "lr": 3e-2}]


def objective(tensors, seed):
    """Its gradients are random numbers, and one parameter has none."""
    generator = torch.Generator().manual_seed(seed)
    weights = [torch.randn(shape, generator=generator) for shape in SHAPES]
    return sum((a * b).sum() for a, b in list(zip(tensors, weights, strict=True))[:3])


def step(optimizer, tensors, seed):
    if isinstance(optimizer, Adam):
        optimizer.minimize(lambda: (objective(tensors, seed), ()))
        return
    optimizer.zero_grad(set_to_none=False)
    objective(tensors, seed).backward()
    for tensor in tensors:  # what has no gradient has one of 0 here
        tensor.grad = torch.zeros_like(tensor) if tensor.grad is None else tensor.grad
    optimizer.step()


def close(one, other):
    return all(torch.allclose(a, b, rtol=1e-5, atol=1e-7) for a, b in zip(one, other, strict=True))


def test_it_is_torchs_for_every_group():
    ours, theirs = parameters(), parameters()
    mine, stock = Adam(groups(ours)), torch.optim.Adam(groups(theirs))
    for seed in range(12):
        step(mine, ours, seed)
        step(stock, theirs, seed)
        assert close(ours, theirs)
    step(mine, ours, 12)
    assert not close(ours, theirs)
    assert torch.equal(ours[3], parameters()[3])  # no gradient, no step


def test_a_functional_step_is_the_fused_one():
    ours, theirs = parameters(), parameters()
    fused, functional = Adam(groups(ours)), Adam(groups(theirs))
    functional.functional = True
    for seed in range(12):
        gradient = torch.randn(fused.flat.tensor.shape, generator=torch.Generator().manual_seed(seed))
        fused.step(gradient)
        functional.step(gradient)
    assert close(ours, theirs) and not close(ours, parameters())


def test_a_state_goes_to_and_fro_between_it_and_torchs():
    ours, theirs = parameters(), parameters()
    mine, stock = Adam(groups(ours)), torch.optim.Adam(groups(theirs))
    for seed in range(5):
        step(mine, ours, seed)
    with torch.no_grad():
        for a, b in zip(theirs, ours, strict=True):
            a.copy_(b)
    stock.load_state_dict(copy.deepcopy({**stock.state_dict(), "state": mine.state_dict()["state"]}))
    resumed = parameters()
    third = Adam(groups(resumed))
    third.load_state_dict(copy.deepcopy(stock.state_dict()))
    with torch.no_grad():
        for a, b in zip(resumed, ours, strict=True):
            a.copy_(b)
    for seed in range(5, 9):
        for optimizer, tensors in ((mine, ours), (stock, theirs), (third, resumed)):
            step(optimizer, tensors, seed)
    assert close(ours, theirs) and close(ours, resumed)
    assert Adam(groups(parameters())).state_dict()["state"] == {}


def test_a_state_of_other_parameters_is_refused():
    mine, ours = Adam(groups(parameters())), parameters()
    other = torch.optim.Adam(ours[1:])
    step(other, ours, 0)
    with pytest.raises(ValueError, match="other shapes"):
        mine.load_state_dict(other.state_dict())


def test_parameters_are_views_and_become_so_again():
    tensors = parameters()
    flat = Flat(tensors)
    flat.tensor.fill_(2.0)
    assert all((tensor == 2).all() for tensor in tensors)
    with torch.no_grad():
        tensors[0].fill_(3.0)
    assert flat.tensor.max() == 3
    tensors[1].data = torch.full_like(tensors[1], 5.0)
    assert flat.tensor.max() == 3  # has lost sight of it
    flat.gather()
    assert flat.tensor.max() == 5 and torch.equal(flat.tensor, flat.concatenated())
    where = flat.tensor.data_ptr()
    flat.gather()
    assert flat.tensor.data_ptr() == where  # nothing to do
    for tensor in tensors:
        tensor.data = tensor.data.double()
    flat.gather()
    assert flat.tensor.dtype == torch.float64


def test_gradients_are_taken_for_the_optimizers_parameters_alone():
    weight, other = nn.Parameter(torch.zeros(3)), nn.Parameter(torch.ones(3))
    (found,) = Adam([{"params": [weight], "lr": 0.1}]).minimize(lambda: ((weight * other).sum(), (weight + other,)))
    torch.testing.assert_close(weight.detach(), torch.full((3,), -0.1))  # Adam's first step is its rate
    assert other.grad is None and weight.grad is None
    assert torch.equal(found, torch.ones(3)) and not found.requires_grad
