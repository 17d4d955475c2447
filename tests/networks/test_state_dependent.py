"""Layers that look at their input: in perceptrons, and in convolutions that have no kernel to slide."""

from dataclasses import dataclass

import pytest
import torch

from nearsym.envs.symmetry import Group, Image, Representation, Symmetry, Window
from nearsym.networks import (
    Actor,
    Conv2d,
    Critic,
    Exact,
    ExpandedLinear,
    Linear,
    TemporalConv,
    encoder_for,
    equivariance_error,
    trunk_for,
)
from nearsym.networks.temporal import STRIDE, TAPS

pytestmark = pytest.mark.usefixtures("float64")

PLANE = Symmetry.generated([[[0, -1], [1, 0]]], [[[0, -1], [1, 0]]]).action
REGULAR = Representation.regular(PLANE.group)


class Unexpanded(Linear):
    """Another layer, without its matrix to be seen."""

    def __init__(self, layer):
        super().__init__(layer.in_features, layer.out_features, layer.members)
        self.layer = layer

    def forward(self, x):
        return self.layer(x)


class Louder(Unexpanded):
    """y = |x| (W x + b): equivariant, and no matrix."""

    def forward(self, x):
        return x.norm(dim=-1, keepdim=True) * self.layer(x)


@dataclass(frozen=True, kw_only=True)
class Wrapped(Exact):
    wrap: type[Linear] = Unexpanded

    def linear(self, *args, **kwargs):
        return self.wrap(super().linear(*args, **kwargs))


def twins(build, wrap):
    """The same layers with the same weights, one with its matrix hidden."""
    built = []
    for settings in (Exact(width=16, window_channels=2), Wrapped(width=16, window_channels=2, wrap=wrap)):
        torch.manual_seed(0)
        built.append(build(settings))
    return built


@pytest.mark.parametrize("stride", [1, 2])
def test_patches_give_what_the_kernel_gives(stride):
    seen, hidden = twins(lambda f: Conv2d(PLANE, REGULAR, REGULAR, 2, 3, f, stride=stride), Unexpanded)
    assert isinstance(seen.kernel, ExpandedLinear) and not isinstance(hidden.kernel, ExpandedLinear)
    x = torch.randn(5, 8, 9, 9)
    torch.testing.assert_close(hidden(x), seen(x))


def test_steps_give_what_the_kernel_gives():
    seen, hidden = twins(lambda f: TemporalConv(REGULAR, REGULAR, 2, 3, 13, f), Unexpanded)
    x = torch.randn(5, 8, 13)
    torch.testing.assert_close(hidden(x), seen(x))


def test_a_convolution_looks_at_every_patch():
    seen, louder = twins(lambda f: Conv2d(PLANE, REGULAR, REGULAR, 2, 3, f, stride=2), Louder)
    x = torch.randn(2, 8, 7, 7)
    out, plain = louder(x), seen(x)
    for row in range(3):
        for column in range(3):
            patch = x[:, :, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            expected = patch.flatten(1).norm(dim=1)[:, None] * plain[:, :, row, column]
            torch.testing.assert_close(out[:, :, row, column], expected)


def test_a_convolution_over_time_looks_at_every_patch():
    seen, louder = twins(lambda f: TemporalConv(REGULAR, REGULAR, 1, 2, 10, f), Louder)
    x = torch.randn(2, 4, 10)
    out, plain = louder(x), seen(x)
    for step in range(4):
        patch = x[:, :, STRIDE * step : STRIDE * step + TAPS]
        torch.testing.assert_close(out[:, :, step], patch.flatten(1).norm(dim=1)[:, None] * plain[:, :, step])


@pytest.mark.parametrize(
    "observation",
    [Image(PLANE, (3, 15, 15)), Window(Representation.signed_permutation(Group.cyclic(2), [[0, 1], [1, 0]]), 16)],
    ids=["image", "window"],
)
def test_whole_networks_of_such_layers_are_equivariant_and_learn(observation):
    network = Wrapped(width=16, window_channels=2, wrap=Louder)
    encoder = encoder_for(observation, network, filters=8)
    action = PLANE if isinstance(observation, Image) else observation.step
    shape = observation.shape if isinstance(observation, Image) else (observation.dim,)
    actor, critic = (kind(trunk_for(encoder, network, 8), action, network) for kind in (Actor, Critic))
    x = torch.randn(6, observation.dim)
    mean = lambda x: actor(encoder(x.view(-1, *shape)))[0]  # noqa: E731
    assert equivariance_error(mean, observation.rep, action, x).max() < 1e-10
    assert equivariance_error(mean, observation.rep, Representation.trivial(action.group, 2), x).max() > 1e-3
    values = critic(encoder(x.view(-1, *shape)), torch.zeros(6, 2))
    assert values.shape == (2, 6)
    values.sum().backward()
    assert all(p.grad is not None for p in critic.parameters() if p.requires_grad)
