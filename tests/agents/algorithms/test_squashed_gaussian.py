"""Samples and densities against stable-baselines3's, gradients included."""

import pytest
import torch
from stable_baselines3.common.distributions import SquashedDiagGaussianDistribution

from nearsym.agents.algorithms import squashed_gaussian


def draw(sampler):
    torch.manual_seed(3)
    mean = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    log_std = torch.randn(5, 3, dtype=torch.float64).requires_grad_()
    torch.manual_seed(7)
    actions, log_prob = sampler(mean, log_std)
    ((actions * torch.arange(3)).sum() + log_prob.square().sum()).backward()
    return actions, log_prob, mean.grad, log_std.grad


def ours(mean, log_std):
    return squashed_gaussian.sample_with_log_prob(mean, log_std, torch.randn_like(mean))


def test_it_is_stable_baselines3s():
    stock = SquashedDiagGaussianDistribution(3).log_prob_from_params
    for mine, theirs in zip(draw(ours), draw(stock), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_samples_alone_are_the_same_samples():
    torch.manual_seed(7)
    alone = squashed_gaussian.sample(torch.zeros(5, 3), torch.ones(5, 3), torch.randn(5, 3))
    torch.manual_seed(7)
    both, _ = ours(torch.zeros(5, 3), torch.ones(5, 3))
    assert torch.equal(alone, both)


def test_the_density_is_one_over_all_actions():
    """∫ π(a) da = 1 by samples: the mean of 1/π over those in (-0.9, 0.9) is its length, unless π is too large."""
    torch.manual_seed(0)
    actions, log_prob = ours(torch.full((400_000, 1), 0.3), torch.zeros(400_000, 1))
    inside = actions[:, 0].abs() < 0.9
    assert (torch.exp(-log_prob) * inside).mean().item() == pytest.approx(1.8, rel=0.01)
    assert (torch.exp(-log_prob - 0.1) * inside).mean().item() != pytest.approx(1.8, rel=0.01)
