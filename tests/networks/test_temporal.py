"""Convolutions over time: against torch's own, equivariance of the whole, and what relaxation breaks."""

import numpy as np
import pytest
import torch
from torch import Tensor

from nearsym.envs.symmetry import Group, Parts, Representation, Symmetry, Vector, Window
from nearsym.networks import (
    Actor,
    Critic,
    WindowTrunk,
    architectures,
    encoder_for,
    family,
    relaxation_penalty,
    trunk_for,
)
from nearsym.networks.measure import transform
from nearsym.networks.temporal import STRIDE, TAPS, TemporalConv

STEPS, ASSETS = 17, 3


def market() -> Symmetry:
    """Three assets in any order, and up for down: (17 steps each, one number each, one that nothing moves)."""
    order = np.array([[1, 0, 2], [0, 2, 1], [0, 1, 2]])
    sign = np.array([[1, 1, 1], [1, 1, 1], [-1, -1, -1]])
    group = Group.generated("S3 x C2", ("swap 01", "swap 12", "flip"), order, sign)
    asset = Representation.signed_permutation(group, order, sign)
    trivial = Representation.trivial(group)
    return Symmetry(group, Parts({"past": Window(asset, STEPS), "now": Vector(asset), "rest": Vector(trivial)}), asset)


def networks(choice: str) -> tuple[Symmetry, Actor, Critic]:
    torch.manual_seed(0)
    symmetry = market()
    settings = family(choice, width=24, window_channels=2)
    encoder = encoder_for(symmetry.observation, settings)
    actor = Actor(trunk_for(encoder, settings), symmetry.action, settings)
    critic = Critic(trunk_for(encoder, settings), symmetry.action, settings)
    return symmetry, actor.double(), critic.double()


def errors(symmetry: Symmetry, actor: Actor, critic: Critic) -> tuple[float, float]:
    torch.manual_seed(1)
    observation, action = torch.randn(5, symmetry.observation.dim).double(), torch.randn(5, ASSETS).double()
    actor_error = critic_error = 0.0
    for g in range(symmetry.group.rows):
        moved = transform(symmetry.observation.rep, g, observation)
        image = transform(symmetry.action, g, action)
        (mean, log_std), (mean_g, log_std_g) = actor(observation), actor(moved)
        unsigned = symmetry.action.permutation()
        gaps = (mean_g - transform(symmetry.action, g, mean), log_std_g - transform(unsigned, g, log_std))
        actor_error = max(actor_error, *(gap.abs().max().item() for gap in gaps))
        gap = critic(moved, image) - critic(observation, action)
        critic_error = max(critic_error, gap.abs().max().item())
    return actor_error, critic_error


@pytest.mark.parametrize("choice", architectures())
def test_actor_and_critic_keep_the_symmetry_at_the_start(choice: str) -> None:
    symmetry, actor, critic = networks(choice)
    if choice == "plain":
        assert min(errors(symmetry, actor, critic)) > 1e-3
    else:
        assert max(errors(symmetry, actor, critic)) < 1e-9


@torch.no_grad()
def test_relaxed_steps_keep_the_group_and_relaxed_assets_do_not() -> None:
    symmetry, actor, critic = networks("relaxed")
    for network in (actor, critic):
        assert isinstance(network.trunk, WindowTrunk)
        for layer in network.trunk.layers:
            layer.time_weights.relaxed_weights.theta.uniform_(0.5, 1.5)
    assert max(errors(symmetry, actor, critic)) < 1e-9
    for network in (actor, critic):
        network.trunk.layers[0].kernel.relaxed_weights.theta.uniform_(0.5, 1.5)
    assert min(errors(symmetry, actor, critic)) > 1e-3


def conv(choice: str, in_channels: int = 2, steps: int = STEPS) -> TemporalConv:
    torch.manual_seed(0)
    hidden = market().action.permutation()  # an asset has one number at each step
    return TemporalConv(hidden, hidden, in_channels, 2, steps, family(choice)).double()


def test_plain_is_torchs_conv1d() -> None:
    layer = conv("plain")
    reference = torch.nn.Conv1d(2 * ASSETS, 2 * ASSETS, TAPS, STRIDE).double()
    weight, bias = layer.kernel.weight_and_bias()
    with torch.no_grad():
        reference.weight.copy_(weight[0].view(reference.weight.shape))
        reference.bias.copy_(bias[0])
    x = torch.randn(4, 2 * ASSETS, STEPS).double()
    torch.testing.assert_close(layer(x), reference(x[..., 1:]))  # 17 - 4 is odd, so the oldest moment is left out
    assert layer(x).shape[-1] == layer.steps == 7


def test_exact_is_own_and_others() -> None:
    """For permutations the kernel has two numbers for each tap and pair of channels: own asset, and every other."""
    layer = conv("exact")
    kernel = layer.kernel.weight_and_bias()[0].view(2, ASSETS, 2, ASSETS, TAPS)
    same = torch.eye(ASSETS).bool()
    own, other = kernel.permute(1, 3, 0, 2, 4)[same], kernel.permute(1, 3, 0, 2, 4)[~same]
    torch.testing.assert_close(own, own[:1].expand_as(own))
    torch.testing.assert_close(other, other[:1].expand_as(other))
    assert not torch.allclose(own[0], other[0])


def shifted_alike(layer: TemporalConv) -> bool:
    """Whether moving the input by one stride moves the output by one step, away from the ends."""
    x = torch.randn(3, 2 * ASSETS, STEPS + STRIDE).double()
    late, early = layer(x[..., STRIDE:]), layer(x[..., :-STRIDE])
    return torch.allclose(early[..., 1:], late[..., :-1])


@pytest.mark.parametrize("choice", architectures())
def test_time_is_homogeneous_until_steps_are_weighted(choice: str) -> None:
    layer = conv(choice)
    assert shifted_alike(layer)
    if choice != "relaxed":
        assert not list(layer.time_weights.parameters())
        return
    with torch.no_grad():
        layer.time_weights.relaxed_weights.theta[5] = 2.0
    assert not shifted_alike(layer)


def test_the_latest_moment_always_counts() -> None:
    for steps in range(8, 14):
        layer = conv("exact", steps=steps)
        x = torch.randn(1, 2 * ASSETS, steps).double()
        changed = x.clone()
        changed[..., -1] += 1
        assert not torch.allclose(layer(x), layer(changed))


def test_the_penalty_holds_steps_together() -> None:
    _, actor, _ = networks("relaxed")
    assert relaxation_penalty(actor).item() == 0
    with torch.no_grad():
        actor.trunk.layers[0].time_weights.relaxed_weights.theta[3] = 0.5
    # |0.5| to each of 16 others, a mean over them, and a sixteenth of that for each of them
    assert relaxation_penalty(actor).item() == pytest.approx(0.5 + 16 * 0.5 / 16)
    penalty: Tensor = relaxation_penalty(actor)
    penalty.backward()
    assert actor.trunk.layers[0].time_weights.relaxed_weights.theta.grad is not None


@pytest.mark.parametrize("choice", ["plain", "exact", "rpp"])
def test_weights_of_time_that_version_0_1_saved_beside_other_networks_are_passed_over(choice: str) -> None:
    _, actor, _ = networks(choice)
    state = actor.state_dict()
    saved = {**state, "trunk.layers.0.moments.relaxed_weights.theta": torch.zeros(STEPS)}
    actor.load_state_dict(saved)
    assert len(saved) == len(state) + 1
    with pytest.raises(RuntimeError, match=r"Unexpected key.*layers\.0\.moments\.colour"):
        actor.load_state_dict({**state, "trunk.layers.0.moments.colour": torch.zeros(1)})


def test_weights_of_time_that_version_0_1_saved_are_loaded() -> None:
    _, actor, _ = networks("relaxed")
    theta = torch.arange(STEPS).double()
    state = {**actor.state_dict(), "trunk.layers.0.time_weights.relaxed_weights.theta": theta}
    saved = {name.replace("time_weights", "moments"): value for name, value in state.items()}
    actor.load_state_dict(saved)
    torch.testing.assert_close(actor.trunk.layers[0].time_weights.relaxed_weights.theta.detach(), theta)
