"""Steerable layers against escnn's own, under turns of the plane, and the traps of cached kernels."""

import copy
import math

import pytest
import scipy.ndimage
import torch
from stable_baselines3.common.utils import polyak_update

from nearsym.envs.errors import InputError
from nearsym.networks import SteerableConv2d, family, relaxation_penalty
from nearsym.networks.steerable import field, space

pytestmark = pytest.mark.filterwarnings("ignore")  # escnn's own
GROUPS = ("C8", "D8", "SO2", "O2")
SIZE = 13


def build(name, choice="exact", lift=True, **kwargs):
    torch.manual_seed(0)
    group = space(name)
    before = field(group, 3, "trivial") if lift else field(group, 2)
    after = field(group, 2)
    return SteerableConv2d(before, after, family(choice, **kwargs)), before, after


def element(name, quarter=True):
    """A quarter turn, or an eighth."""
    group = space(name).fibergroup
    turn = math.pi / 2 if quarter else math.pi / 4
    if name == "O2":
        return group.element((0, turn), "radians")
    if name == "SO2":
        return group.element(turn, "radians")
    steps = 2 if quarter else 1
    return group.element(steps) if name.startswith("C") else group.element((0, steps))


def turned(layer, before, after, g, angle, x):
    """Error of f(g x) = g f(x), relative, where the plane is turned by `angle` degrees."""

    def move(kind, fields):
        rep = torch.tensor(kind.representation(g), dtype=fields.dtype)
        if angle == 90:
            spun = torch.rot90(fields, 1, (2, 3))
        else:
            spun = torch.tensor(
                scipy.ndimage.rotate(fields.detach().numpy(), angle, axes=(3, 2), reshape=False, order=3)
            )
        return torch.einsum("ij,bjhw->bihw", rep, spun)

    with torch.no_grad():
        one, two = layer(move(before, x)), move(after, layer(x))
        keep = slice(3, -3) if angle != 90 else slice(None)  # corners turn out of the image
        difference = (one - two)[..., keep, keep]
        return (difference.norm() / two[..., keep, keep].norm()).item()


def smooth(planes, size=SIZE):
    """Images without detail that a turn by 45 degrees would lose."""
    torch.manual_seed(1)
    noise = torch.randn(2, planes, size, size)
    return torch.tensor(scipy.ndimage.gaussian_filter(noise.numpy(), (0, 0, 2.0, 2.0)))


@pytest.mark.parametrize("lift", [True, False], ids=["lift", "group"])
@pytest.mark.parametrize("name", GROUPS)
def test_the_exact_layer_is_escnns(name, lift):
    from escnn.nn import R2Conv

    ours, before, after = build(name, lift=lift)
    theirs = R2Conv(before, after, 5)
    with torch.no_grad():
        theirs.weights.copy_(ours.kernel.coefficients[0])
        theirs.bias.normal_()
        ours.kernel.bias_filters.copy_(theirs.bias)
    x = torch.randn(2, before.size, SIZE, SIZE)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(before(x)).tensor, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("choice", ["exact", "relaxed", "rpp"])
@pytest.mark.parametrize("name", GROUPS)
def test_quarter_turns_are_exact_and_eighths_nearly(name, choice):
    layer, before, after = build(name, choice, lift=False)
    x = torch.randn(2, before.size, SIZE, SIZE)
    assert turned(layer, before, after, element(name), 90, x) < 1e-5
    eighth = turned(layer, before, after, element(name, quarter=False), 45, smooth(before.size, 25))
    assert 1e-4 < eighth < 0.1
    plain, *_ = build(name, "plain", lift=False)
    assert turned(plain, before, after, element(name), 90, x) > 0.5
    assert turned(plain, before, after, element(name, quarter=False), 45, smooth(before.size, 25)) > 0.5


@pytest.mark.parametrize("name", GROUPS)
def test_relaxed_weights_break_it_unless_they_are_radial(name):
    layer, before, after = build(name, "relaxed", lift=False, banks=2)
    x = torch.randn(2, before.size, SIZE, SIZE)
    with torch.no_grad():
        layer.kernel.relaxed_weights.theta[:, layer.kernel.squared_radius == 1] = 1.7
    assert relaxation_penalty(layer).item() == 0
    assert turned(layer, before, after, element(name), 90, x) < 1e-5
    with torch.no_grad():
        layer.kernel.relaxed_weights.theta[0, 7] = 1.0  # one of the four next to the centre
    # the one is 0.7 from its three neighbours, and each of them 0.7 from it and 0 from the others
    assert relaxation_penalty(layer).item() == pytest.approx(0.7 + 3 * 0.7 / 3, rel=1e-5)
    assert turned(layer, before, after, element(name), 90, x) > 1e-3


def test_a_target_network_moves_in_eval_mode_where_escnns_own_freezes():
    """stable-baselines3 keeps targets in eval() and writes their parameters through .data."""
    from escnn.nn import R2Conv

    online, before, after = build("C8", "relaxed")
    x = torch.randn(2, before.size, SIZE, SIZE)

    def moves(network, call):
        target = copy.deepcopy(network).eval()
        with torch.no_grad():
            first = call(target).clone()
            for parameter in network.parameters():
                parameter.add_(0.5)
            polyak_update(network.parameters(), target.parameters(), 0.5)
            return (call(target) - first).abs().max().item()

    assert moves(online, lambda layer: layer(x)) > 1e-2
    assert moves(R2Conv(before, after, 5), lambda layer: layer(before(x)).tensor) == 0


def test_nothing_cached_is_saved():
    layer, before, _ = build("D8", "relaxed")
    keys = set(layer.train().state_dict())
    layer.eval()
    with torch.no_grad():
        layer(torch.randn(1, before.size, SIZE, SIZE))
    assert set(layer.state_dict()) == keys
    fresh, *_ = build("D8", "relaxed")
    fresh.load_state_dict(layer.state_dict())


def test_gradients_reach_every_parameter():
    layer, before, _ = build("C8", "relaxed")
    layer(torch.randn(2, before.size, SIZE, SIZE)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in layer.parameters())


@pytest.mark.parametrize("name", ["S5", "C", "D0", "SO3"])
def test_unknown_groups_are_refused(name):
    with pytest.raises(InputError, match=f"there is no group '{name}' of the plane"):
        space(name)
