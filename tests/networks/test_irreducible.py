"""Layers applied in irreducible representations against their expanded matrices, forward and backward."""

import copy

import numpy as np
import pytest
import torch

from nearsym.envs.symmetry import Group, Representation, Symmetry
from nearsym.networks import MLP, Exact, Relaxed, RelaxedLinear, hidden_representation
from nearsym.networks.irreducible import IrreducibleProduct, irreducible_blocks
from nearsym.networks.relaxed_linear import LEAST_BATCH, least_batch, pays
from nearsym.networks.small_product import written_out

from .test_layers import SYMMETRIES, ends, randomize

GROUPS = {
    **{f"C{n}": lambda n=n: Representation.regular(Group.cyclic(n)) for n in (2, 3, 4, 8)},
    **{f"D{n}": lambda n=n: Representation.regular(Group.dihedral(n)) for n in (2, 3, 4)},
    "S5": lambda: hidden_representation(SYMMETRIES["S5"]().observation.rep),
}


def applied(layer, x):
    """`columns` for inputs laid out as `forward` takes them."""
    columns = x.view(*x.shape[:-1], layer.in_channels, -1).transpose(-3, -1)
    y = layer.columns(columns if x.ndim == 3 else columns.unsqueeze(0))
    return y.transpose(-3, -1).flatten(2)


def gradients(layer, x, y):
    wanted = [x, *(p for p in layer.parameters() if p.requires_grad)]
    direction = torch.linspace(-1, 1, y.numel(), dtype=y.dtype).view_as(y)
    return torch.autograd.grad((y * direction).sum(), wanted)


def largest(mine, theirs):
    """Largest difference, for the size of the largest entry."""
    pairs = [(a.detach(), b.detach()) for a, b in zip(mine, theirs, strict=True) if a.numel()]
    return max(float((a - b).abs().max() / (1 + b.abs().max())) for a, b in pairs)


def compare(layer, x, tolerance):
    mine, theirs = applied(layer, x), layer(x)
    assert mine.shape == theirs.shape
    assert largest([mine], [theirs]) < tolerance
    assert largest(gradients(layer, x, mine), gradients(layer, x, theirs)) < tolerance


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", GROUPS)
@pytest.mark.parametrize("members, banks", [(1, 1), (2, 1), (1, 3), (2, 3)])
@pytest.mark.parametrize("relaxed", [True, False])
def test_products_in_irreducible_coordinates_are_those_of_the_matrix(float64, dtype, name, members, banks, relaxed):
    rep = GROUPS[name]()
    options = {"banks": banks, "members": members, "relaxed": relaxed, "relax_biases": relaxed}
    layer = RelaxedLinear(rep, rep, 3, 2, **options)
    layer.product = IrreducibleProduct(layer.sharing.basis.numpy())
    randomize(layer)
    layer.to(dtype)
    x = torch.randn(members, 7, 3 * rep.dim, dtype=dtype, requires_grad=True)
    compare(layer, x, 1e-10 if dtype == torch.float64 else 1e-5)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("kind", ["lift", "project", "invariant"])
@pytest.mark.parametrize("members, banks", [(1, 1), (2, 3)])
@pytest.mark.parametrize("relaxed", [True, False])
def test_columns_of_a_lift_and_of_heads(float64, dtype, name, kind, members, banks, relaxed):
    in_rep, out_rep = ends(name, kind)
    relax = "output" if kind == "lift" else "input"
    options = {"banks": banks, "members": members, "relaxed": relaxed, "relax_biases": relaxed, "relax": relax}
    layer = RelaxedLinear(in_rep, out_rep, 2, 3, **options)
    layer.product = None
    randomize(layer)
    layer.to(dtype)
    x = torch.randn(7, 2 * in_rep.dim, dtype=dtype, requires_grad=True)  # shared by the members
    compare(layer, x, 1e-10 if dtype == torch.float64 else 1e-5)


@pytest.mark.parametrize("name", GROUPS)
def test_another_matrix_is_told_apart(float64, name):
    rep = GROUPS[name]()
    layer = RelaxedLinear(rep, rep, 3, 2)
    layer.product = IrreducibleProduct(layer.sharing.basis.numpy())
    randomize(layer)
    x = torch.randn(1, 7, 3 * rep.dim)
    right = layer(x)
    with torch.no_grad():
        layer.relaxed_weights.theta[0, 0, 0] += 1e-3
    assert largest([applied(layer, x)], [right]) > 1e-6


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("family", [Exact(width=80), Relaxed(width=80)])
@pytest.mark.parametrize("members", [1, 2])
def test_a_network_gives_large_batches_what_it_gives_small_ones(float64, name, family, members):
    symmetry = SYMMETRIES[name]()
    network = MLP(symmetry.observation.rep, [symmetry.action, symmetry.action], family, members)
    assert network.applies
    randomize(network)
    x = torch.randn(network.least_batch, symmetry.observation.dim, requires_grad=True)
    expanded = copy.copy(network)
    expanded.applies = False
    mine, theirs = torch.stack(network(x)), torch.stack(expanded(x))
    torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-10)
    assert largest(gradients(network, x, mine), gradients(network, x, theirs)) < 1e-10


@pytest.mark.parametrize("name", SYMMETRIES)
def test_small_products_are_expanded_unless_compiled(name):
    """By hand: what is saved for so many inputs, and by not expanding, against the calls of transforms."""
    symmetry = SYMMETRIES[name]()
    networks = [MLP(symmetry.observation.rep, [symmetry.action], Exact(width=width)) for width in (48, 240)]
    for network in networks:
        applied = [layer for layer in [*network.layers, *network.heads] if layer.product is not None]
        entries = sum(layer.in_features * layer.out_features for layer in applied)
        saved = entries - sum(layer.product.cost(layer.in_channels, layer.out_channels, 1) for layer in applied)
        calls = sum(layer.product.calls for layer in applied)
        gains = [batch * saved + 50 * entries - calls for batch in range(1, 20_000)]
        expected = max(LEAST_BATCH, 1 + sum(gain < 0 for gain in gains))
        assert network.least_batch == least_batch(applied) == expected
        assert pays(expected, network.least_batch) and not pays(expected - 1, network.least_batch)
        with written_out():
            assert pays(1, network.least_batch)
    small, large = (network.least_batch for network in networks)
    assert LEAST_BATCH <= large < small


def test_training_expands_no_hidden_layer_and_checkpoints_hold_no_coordinates(monkeypatch):
    symmetry = Symmetry.reflection(observation=[-1, 1], action=[-1])
    network = MLP(symmetry.observation.rep, [symmetry.action], Relaxed(width=64))
    hidden = network.layers[1]
    assert not [key for key in network.state_dict() if "product" in key]
    expanded = []
    monkeypatch.setattr(hidden.sharing, "forward", lambda *_: expanded.append(1))
    network(torch.randn(network.least_batch, 2))[0].sum().backward()
    assert not expanded
    assert hidden.filters.grad.abs().max() > 0


@pytest.mark.parametrize(
    "name, parts, share",
    [
        ("C2", [(2, 1)], 1 / 2),
        ("C4", [(1, 2), (2, 1)], 3 / 8),
        ("D4", [(2, 2), (4, 1)], 3 / 16),
        ("S5", [(5, 1)], 1 / 5),
    ],
)
def test_what_a_product_costs(name, parts, share):
    """Blocks of the sizes that representation theory gives; what is left are the transforms."""
    rep = GROUPS[name]()
    product = IrreducibleProduct(RelaxedLinear(rep, rep).sharing.basis.double().numpy())
    assert [(part.units, part.size) for part in product.parts] == parts
    channels = 10_000
    assert product.cost(channels, channels, 1) / (channels * rep.dim) ** 2 == pytest.approx(share, rel=1e-2)


def test_expanding_stays_where_it_is_cheaper():
    rep = GROUPS["C3"]()
    assert RelaxedLinear(rep, rep, 64, 64).product is not None
    assert RelaxedLinear(rep, rep, 4, 4).product is None  # the transforms cost more than what blocks save
    mirror = GROUPS["C2"]()
    assert RelaxedLinear(mirror, mirror, 64, 64).product is not None
    assert RelaxedLinear(mirror, mirror, 64, 64, banks=3).product is None


@pytest.mark.parametrize("name, sizes", [("C4", [1, 1, 2]), ("D3", [1, 1, 2, 2]), ("D4", [1, 1, 1, 1, 2, 2])])
def test_blocks_are_those_of_representation_theory(name, sizes):
    rep = GROUPS[name]()
    basis = RelaxedLinear(rep, rep).sharing.basis.double().numpy()
    blocks = irreducible_blocks(basis)
    assert sorted(map(len, blocks)) == sizes
    change = np.concatenate(blocks)
    np.testing.assert_allclose(change @ change.T, np.eye(rep.dim), atol=1e-12)


def test_matrices_of_no_symmetry_are_one_block():
    (block,) = irreducible_blocks(np.random.default_rng(0).normal(size=(4, 4, 2)))
    np.testing.assert_array_equal(block, np.eye(4))
