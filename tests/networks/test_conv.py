"""Convolutions against torch, kernels turned by hand, and escnn."""

import numpy as np
import pytest
import torch

from nearsym.envs.symmetry import Group, Representation, Symmetry, image_representation
from nearsym.networks import Conv2d, LayerNorm, equivariance_error, family
from nearsym.networks.steerable import field, space

TURN, FLIP, UPSIDE = [[0, -1], [1, 0]], [[-1, 0], [0, 1]], [[1, 0], [0, -1]]
PLANES = {"D1": [FLIP], "D2": [FLIP, UPSIDE], "C4": [TURN], "D4": [TURN, FLIP]}


def plane(name):
    return Symmetry.generated(PLANES[name], PLANES[name]).action


def pixel(rep):
    return Representation.trivial(rep.group, 1)


def conv(name, lift=False, settings=None, **kwargs):
    rep = plane(name)
    regular = Representation.regular(rep.group)
    settings = settings or family("exact")
    relax = {"relax": "output"} if lift else {}
    return Conv2d(rep, pixel(rep) if lift else regular, regular, 3, 2, settings, **relax, **kwargs)


def maps(name, channels, size, lift=False):
    """Representation on flattened feature maps."""
    rep = plane(name)
    value = pixel(rep) if lift else Representation.regular(rep.group)
    return value.tensor_product(image_representation(rep, (1, size, size))).copies(channels)


def error_of(layer, name, lift, size=9):
    """Largest equivariance error of a convolution, on random feature maps."""
    before = maps(name, 3, size, lift)
    planes = before.dim // size**2
    out = layer(torch.zeros(1, planes, size, size)).shape[-1]
    x = torch.randn(2, before.dim)
    flat = lambda x: layer(x.view(-1, planes, size, size)).flatten(1)  # noqa: E731
    return equivariance_error(flat, before, maps(name, 2, out), x).max().item()


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("lift", [True, False], ids=["lift", "group"])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", PLANES)
def test_exact_layers_are_equivariant_and_relaxed_ones_until_they_are_relaxed(name, stride, lift):
    torch.manual_seed(0)
    assert error_of(conv(name, lift, stride=stride), name, lift) < 1e-12
    for settings in (
        family("relaxed", banks=2),
        family("relaxed", relax_positions=True),
    ):
        layer = conv(name, lift, settings, stride=stride)
        assert error_of(layer, name, lift) < 1e-12
        weights = layer.kernel.relaxed_weights.theta
        assert weights.shape[-1] == layer.kernel.hidden_rep.dim
        with torch.no_grad():
            weights[..., 0] += 0.5
        assert error_of(layer, name, lift) > 1e-2
    plain = conv(name, lift, family("plain"), stride=stride)
    assert error_of(plain, name, lift) > 1e-1


def test_positions_have_relaxed_weights_of_their_own_when_asked_for():
    for positions, count in ((False, 8), (True, 8 * 9)):
        layer = conv("D4", settings=family("relaxed", relax_positions=positions))
        assert layer.kernel.relaxed_weights.theta.shape == (1, 1, count)


def test_the_plain_layer_is_torchs():
    layer = conv("C4", settings=family("plain"), stride=2)
    theirs = torch.nn.Conv2d(12, 8, 3, stride=2)
    with torch.no_grad():
        theirs.weight.copy_(layer.kernel.weight.view_as(theirs.weight))
        theirs.bias.copy_(layer.kernel.bias.view(-1))
    x = torch.randn(2, 12, 9, 9)
    torch.testing.assert_close(layer(x), theirs(x))


@pytest.mark.usefixtures("float64")
def test_a_lift_is_a_kernel_turned_by_hand():
    """Plane g of the output is the correlation with the kernel turned by g."""
    layer = conv("C4", lift=True)
    kernel = layer.kernel.weight_and_bias()[0].view(2, 4, 3, 3, 3)
    group = layer.kernel.out_rep.group
    turns = [int(np.round(np.degrees(np.arctan2(m[1, 0], m[0, 0])) / 90)) % 4 for m in plane("C4").matrix]
    for g in range(group.order):
        torch.testing.assert_close(kernel[:, g], torch.rot90(kernel[:, 0], turns[g], dims=(-2, -1)))


@pytest.mark.filterwarnings("ignore")  # escnn's own
@pytest.mark.parametrize("lift", [True, False], ids=["lift", "group"])
@pytest.mark.parametrize("name", PLANES)
def test_escnn_computes_the_same_with_the_same_weights(name, lift):
    """A steerable convolution of escnn, its kernel read into our filters, and both applied to the same images."""
    group = space(name)
    from escnn.nn import R2Conv

    torch.manual_seed(0)
    theirs = R2Conv(field(group, 3, "trivial" if lift else "regular"), field(group, 2), kernel_size=3, padding=0)
    with torch.no_grad():
        theirs.bias.normal_()
    theirs.eval()
    ours = conv(name, lift)
    # their elements by our order: those that move the plane alike
    ours_to_theirs = matching_elements(group, plane(name))
    order = len(ours_to_theirs)
    out_planes = [order * c + g for c in range(2) for g in ours_to_theirs]
    in_planes = list(range(3)) if lift else [order * c + g for c in range(3) for g in ours_to_theirs]
    kernel = theirs.filter[out_planes][:, in_planes].detach()
    read_kernel(ours.kernel, kernel.reshape(1, len(out_planes), -1), theirs.expanded_bias[out_planes].detach())
    torch.testing.assert_close(ours.kernel.weight_and_bias()[0].view_as(kernel), kernel, atol=1e-5, rtol=0)
    x = torch.randn(2, len(in_planes), 9, 9)
    their_x = torch.empty_like(x)
    their_x[:, in_planes] = x
    with torch.no_grad():
        expected = theirs(theirs.in_type(their_x)).tensor[:, out_planes]
        torch.testing.assert_close(ours(x), expected, atol=1e-5, rtol=1e-5)
    assert expected.abs().max() > 1e-1


def matching_elements(space, rep):
    """For each of our elements the position of escnn's element that moves the plane in the same way."""
    theirs = [np.array(space.basespace_action(g)) for g in space.testing_elements]
    positions = [space.fibergroup.elements.index(g) for g in space.testing_elements]
    return [positions[int(np.argmin([np.abs(m - t).max() for t in theirs]))] for m in rep.matrix]


def read_kernel(layer, weight, bias):
    """Set the filters of an exact layer so that it expands to `weight`, by least squares."""
    with torch.no_grad():
        for parameter, target in ((layer.filters, weight), (layer.bias_filters, bias)):
            shape, size = parameter.shape, parameter.numel()
            columns = []
            for k in range(size):
                parameter.zero_().view(-1)[k] = 1
                columns.append(layer.expand()[0 if target is weight else 1].flatten().clone())
            solution = torch.linalg.lstsq(torch.stack(columns, dim=1), target.flatten().unsqueeze(1)).solution
            parameter.copy_(solution.view(shape))


def test_a_layer_norm_commutes_with_permutations_when_tied_and_is_torchs_when_not():
    x = torch.randn(3, 12)
    four = Representation.regular(Group.cyclic(4))
    tied, free, theirs = LayerNorm(four, 3, tied=True), LayerNorm(four, 3, tied=False), torch.nn.LayerNorm(12)
    with torch.no_grad():
        tied.scale.normal_(), free.scale.normal_()
        theirs.weight.copy_(free.scale)
    torch.testing.assert_close(free(x), theirs(x))
    moved = torch.tensor([1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8])
    torch.testing.assert_close(tied(x[:, moved]), tied(x)[:, moved])
    assert (free(x[:, moved]) - free(x)[:, moved]).abs().max() > 1e-2
