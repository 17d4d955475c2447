"""Adam against torch's own, from which it may not differ by one bit."""

import copy

import pytest
import torch

from nearsym.agents.algorithms.adam import Adam
from nearsym.agents.algorithms.losses import minimize

SHAPES = [(2, 7, 5), (3,), (), (1, 64, 64)]


def parameters(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, requires_grad=True) for shape in SHAPES]


def groups(tensors):
    return [{"params": tensors[:2]}, {"params": tensors[2:], "lr": 3e-2}]


def steps(optimizer, tensors, count, seed=1, skipped=()):
    """Random gradients; the tensors in `skipped` get none."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        for i, tensor in enumerate(tensors):
            gradient = torch.randn(tensor.shape, generator=generator)
            tensor.grad = None if i in skipped else gradient
        optimizer.step()


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("fused", [True, False])
def test_it_is_torchs_to_the_bit_also_after_gradients_were_missing_and_rates_changed(fused):
    ours, theirs = parameters(), parameters()
    pairs = [
        (Adam(groups(ours), lr=1e-3, fused=fused), ours),
        (torch.optim.Adam(groups(theirs), lr=1e-3, fused=fused), theirs),
    ]
    for optimizer, tensors in pairs:
        steps(optimizer, tensors, 3, skipped=(1,))
        steps(optimizer, tensors, 3)
        steps(optimizer, tensors, 3, skipped=(2,))
        optimizer.param_groups[0]["lr"] = 0.5
        steps(optimizer, tensors, 3)
    assert same(ours, theirs)
    steps(*pairs[0], 1)
    assert not same(ours, theirs)


@pytest.mark.parametrize("fused", [True, False])
def test_a_state_goes_to_and_fro_between_it_and_torchs(fused):
    tensors = parameters()
    optimizer = Adam(groups(tensors), lr=1e-3, fused=fused)
    steps(optimizer, tensors, 5)
    resumed = [tensor.detach().clone().requires_grad_() for tensor in tensors]
    theirs = torch.optim.Adam(groups(resumed), lr=1e-3, fused=fused)
    theirs.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    state = copy.deepcopy(optimizer.state_dict())
    for chosen, moved in ((optimizer, tensors), (theirs, resumed)):
        steps(chosen, moved, 5, seed=2)
    assert same(tensors, resumed)
    # back to an earlier moment: remembered moments would be those of the later one
    with torch.no_grad():
        for tensor, other in zip(tensors, resumed, strict=True):
            tensor.copy_(torch.ones_like(tensor))
            other.copy_(torch.ones_like(tensor))
    for chosen, moved in ((optimizer, tensors), (theirs, resumed)):
        chosen.load_state_dict(copy.deepcopy(state))
        steps(chosen, moved, 5, seed=3)
    assert same(tensors, resumed)


def test_gradients_are_taken_for_the_optimizers_parameters_alone_and_in_their_order():
    """The gradient of a transposed weight comes out transposed in memory, which fused Adam would take no notice of."""
    signs = torch.tensor([[[1.0, -1.0], [-1.0, -1.0], [1.0, 1.0]]])
    weight, other = torch.zeros(1, 3, 2, requires_grad=True), signs.transpose(1, 2).clone().requires_grad_()
    product = torch.baddbmm(torch.zeros(1, 1, 3), torch.eye(2).unsqueeze(0), weight.transpose(1, 2))
    minimize(Adam([weight], lr=0.1, fused=True), (product * other).sum(), [None, weight.sum() / 2])
    torch.testing.assert_close(weight.detach(), -0.1 * signs)  # Adam's first step has the gradient's signs
    assert other.grad is None
