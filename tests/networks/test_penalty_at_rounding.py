"""The penalty on relaxed weights where they differ by rounding alone."""

import torch

from nearsym.networks.relaxed_weights import EQUAL, size_of


def test_differences_that_rounding_makes_pull_at_nothing():
    x = torch.tensor([0.3 * EQUAL, -0.3 * EQUAL, 0.0, 3 * EQUAL, -2.0], requires_grad=True)
    sizes = size_of(x)
    (slopes,) = torch.autograd.grad(sizes.sum(), x)
    assert slopes.tolist() == [0, 0, 0, 1, -1]
    assert torch.equal(sizes[3:], x[3:].abs())  # and what is larger counts whole
    (kinked,) = torch.autograd.grad(x.abs().sum(), x)
    assert kinked.tolist() == [1, -1, 0, 1, -1]  # negative control: the absolute value pulls
