"""Layers applied by orbit sums against their expanded matrices, forward and backward, and what they cost."""

import numpy as np
import pytest
import torch

from nearsym.envs.symmetry import Group, Parts, Representation, Vector, Window
from nearsym.networks import MLP, Critic, Exact, Relaxed, RelaxedLinear, TemporalConv, encoder_for, family, trunk_for
from nearsym.networks import hidden_representation as hidden
from nearsym.networks import relaxed_linear as module
from nearsym.networks.irreducible import IrreducibleProduct
from nearsym.networks.orbit_split import split
from nearsym.networks.orbit_sums import OrbitSums
from nearsym.networks.relaxed_linear import LEAST_BATCH
from nearsym.networks.sharing import StackedSharing

from .test_irreducible import applied, compare, gradients, largest
from .test_layers import SYMMETRIES, randomize

pytestmark = pytest.mark.usefixtures("float64")


def acting(orders, signs=None):
    """The representation that (generators, points) orders (and signs) generate, of a group known by them alone."""
    orders = np.array(orders)
    signs = np.ones_like(orders) if signs is None else np.array(signs)
    group = Group.generated("G", tuple(f"g{i}" for i in range(len(orders))), orders, signs)
    return Representation.signed_permutation(group, orders, signs)


def assets(n):
    return acting([[1, 0, *range(2, n)], [*range(1, n), 0]])


def long_and_short(n):
    swap, cycle = [1, 0, *range(2, n)], [*range(1, n), 0]
    return acting([swap, cycle, list(range(n))], [[1] * n, [1] * n, [-1] * n])


def sectors():
    """Three assets and four others, each in any order."""
    return acting([[1, 0, 2, 3, 4, 5, 6], [1, 2, 0, 3, 4, 5, 6], [0, 1, 2, 4, 3, 5, 6], [0, 1, 2, 4, 5, 6, 3]])


def markets():
    """Two markets of three assets, in any order, and the assets of each (a wreath product)."""
    return acting([[1, 0, 2, 3, 4, 5], [1, 2, 0, 3, 4, 5], [3, 4, 5, 0, 1, 2]])


def on_pairs(five, ordered):
    """What permutations of five points do to pairs of them."""
    pairs = [(i, j) for i in range(5) for j in range(5) if ordered or i < j]
    where = {pair: number for number, pair in enumerate(pairs)}
    index = [[where[(a[i], a[j]) if ordered else tuple(sorted((a[i], a[j])))] for i, j in pairs] for a in five.index]
    return Representation.signed_permutation(five.group, index)


def by_asset(rep, features):
    """Copies of a representation, the features of an asset side by side."""
    return rep.tensor_product(Representation.trivial(rep.group, features))


def trivial(rep, dim=1):
    return Representation.trivial(rep.group, dim)


def pairs_of_representations():
    five, six, short, parts, wreath = assets(5), assets(6), long_and_short(4), sectors(), markets()
    return {
        "assets": (six, six),
        "features": (six.copies(3), six),
        "features by asset": (by_asset(six, 3), six),
        "features by asset, kept": (by_asset(six, 2), by_asset(six, 2)),
        "features and cash": (six.copies(2).direct_sum(trivial(six)), six),
        "weights and cash": (six, six.direct_sum(trivial(six))),
        "cash between": (six, trivial(six, 2).direct_sum(six)),
        "value": (six, trivial(six)),
        "from numbers that nothing moves": (trivial(six, 2), six),
        "long and short, lifted": (short.copies(2), hidden(short)),
        "long and short, hidden": (hidden(short), hidden(short)),
        "long and short, weights": (hidden(short), short),
        "long and short, sizes": (hidden(short), short.permutation()),
        "sectors": (parts, parts),
        "sectors, lifted": (parts.copies(2).direct_sum(trivial(parts)), hidden(parts)),
        "markets": (wreath, wreath),
        "from ordered pairs": (on_pairs(five, True), five),
        "unordered pairs": (on_pairs(five, False), on_pairs(five, False)),
        "cycle": (acting([[1, 2, 3, 4, 5, 0]]),) * 2,
    }


PAIRS = list(pairs_of_representations())


@pytest.fixture
def always(monkeypatch):
    """Orbit sums even where they do not pay."""
    monkeypatch.setattr(module, "WORTHWHILE", float("inf"))
    monkeypatch.setattr(IrreducibleProduct, "cost", lambda *_: float("inf"))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(
    "dtype, members, banks, relaxed, relax",
    [
        (torch.float64, 2, 3, True, "input"),
        (torch.float64, 2, 2, True, "output"),
        (torch.float64, 1, 1, False, "input"),
        (torch.float32, 2, 1, True, "input"),
        (torch.float32, 1, 1, True, "output"),
    ],
)
def test_orbit_sums_are_the_product_of_the_matrix(always, dtype, name, members, banks, relaxed, relax):
    in_rep, out_rep = pairs_of_representations()[name]
    options = {"banks": banks, "members": members, "relaxed": relaxed, "relax_biases": relaxed, "relax": relax}
    layer = RelaxedLinear(in_rep, out_rep, 3, 2, **options)
    assert isinstance(layer.product, OrbitSums)
    randomize(layer)
    layer.to(dtype)
    tolerance = 1e-10 if dtype == torch.float64 else 1e-5
    shared = torch.randn(7, 3 * in_rep.dim, dtype=dtype, requires_grad=True)
    compare(layer, shared, tolerance)
    compare(layer, torch.randn(members, 7, 3 * in_rep.dim, dtype=dtype, requires_grad=True), tolerance)


@pytest.mark.parametrize("name", PAIRS)
def test_another_matrix_is_told_apart(always, name):
    in_rep, out_rep = pairs_of_representations()[name]
    layer = RelaxedLinear(in_rep, out_rep, 3, 2)
    randomize(layer)
    x = torch.randn(1, 7, 3 * in_rep.dim)
    right = layer(x)
    with torch.no_grad():
        layer.filters[0, 0, -1, 0, 0] += 1e-3
    assert largest([applied(layer, x)], [right]) > 1e-6


def test_equal_blocks_of_many_features(always):
    five = assets(5)
    layer = RelaxedLinear(five.copies(60).direct_sum(trivial(five)), five, 1, 3, relax="output", members=2)
    assert isinstance(layer.sharing, StackedSharing)
    randomize(layer)
    compare(layer, torch.randn(7, 301, requires_grad=True), 1e-10)


def test_one_orbit_and_the_sum_of_all():
    """Deep Sets by hand: y_i = (ψ_own - ψ_other) x_i + ψ_other Σ_j x_j."""
    layer = RelaxedLinear(assets(6), assets(6), 1, 1, relaxed=False)
    own, other = layer.filters.flatten().tolist()
    x = torch.randn(1, 7, 6)
    torch.testing.assert_close(applied(layer, x) - layer._bias(), (own - other) * x + other * x.sum(-1, keepdim=True))


def matrices(in_rep, out_rep):
    basis = RelaxedLinear(in_rep, out_rep).sharing.basis
    return basis.permute(2, 0, 1).numpy()


@pytest.mark.parametrize(
    "name, rank",
    [("assets", 1), ("long and short, hidden", 2), ("markets", 2), ("unordered pairs", 5), ("value", 1)],
)
def test_ranks_are_those_of_representation_theory(name, rank):
    found = split(matrices(*pairs_of_representations()[name]))
    rebuilt = found.rests.copy()
    for a, (index, sign) in enumerate(zip(found.index, found.sign, strict=True)):
        rebuilt[:, np.arange(len(index)), index] += found.mixture[:, a, None] * sign
    np.testing.assert_allclose(rebuilt, matrices(*pairs_of_representations()[name]), atol=1e-12)
    assert max(np.linalg.matrix_rank(rest, tol=1e-6) for rest in found.rests) == rank


def test_cost_is_linear_in_the_number_of_assets():
    small, large = (RelaxedLinear(assets(n), assets(n), 8, 8) for n in (20, 40))
    assert isinstance(small.product, OrbitSums)
    assert large.product.cost(8, 8, 1) / small.product.cost(8, 8, 1) == pytest.approx(2, rel=0.06)
    assert large.in_features * large.out_features == 4 * small.in_features * small.out_features


def test_what_saves_nothing_is_expanded():
    cycle = acting([[*range(1, 20), 0]])  # every orbit of pairs is a permutation
    assert RelaxedLinear(cycle.copies(2), cycle, 8, 8, relax="output").product is None
    assert not isinstance(RelaxedLinear(cycle, cycle, 8, 8).product, OrbitSums)
    lift = {"relax": "output"}
    assert isinstance(RelaxedLinear(markets().copies(2), markets(), 8, 8, **lift).product, OrbitSums)
    assert RelaxedLinear(markets().copies(2), markets(), 8, 8, banks=3, **lift).product is None


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("choice", ["exact", "relaxed"])
def test_listed_groups_are_left_to_irreducible_products(name, choice):
    symmetry = SYMMETRIES[name]()
    network = MLP(symmetry.observation.rep, [symmetry.action], family(choice, width=80))
    used = {type(layer.product) for layer in [*network.layers, *network.heads]}
    assert (OrbitSums in used) == (not symmetry.group.listed)
    assert (IrreducibleProduct in used) == symmetry.group.listed


@pytest.mark.parametrize(
    "name, digits", [("C2", 0.8481230738936355), ("C4", 0.6419334848224064), ("D4", 0.6600463388976796)]
)
def test_digits_of_listed_groups_stay(name, digits):
    """Trained as they were before there were orbit sums."""
    assert trained(name) == pytest.approx(digits, rel=1e-9)


def trained(name):
    symmetry = SYMMETRIES[name]()
    network = MLP(symmetry.observation.rep, [symmetry.action], Relaxed(width=64, banks=1), members=2)
    with torch.no_grad():
        for number, parameter in enumerate(network.parameters()):
            parameter.copy_(torch.linspace(-1, 1, parameter.numel()).view_as(parameter).sin() / (5 + number))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    network.least_batch = LEAST_BATCH  # as then
    x = torch.linspace(-2, 2, LEAST_BATCH * symmetry.observation.dim).cos().view(LEAST_BATCH, -1)
    for _ in range(5):
        loss = (network(x)[0] - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


STEPS = 17


def convolution(settings, lift, rep):
    in_rep, sizes = (rep, (1, 3)) if lift else (hidden(rep), (3, 2))
    options = {"relax": "output"} if lift else {}
    return TemporalConv(in_rep, hidden(rep), *sizes, STEPS, settings, **options)


@pytest.mark.parametrize(
    "settings, product",
    [(Exact(), True), (Relaxed(), True), (Relaxed(), False), (Relaxed(banks=2, relax_positions=True), True)],
)
@pytest.mark.parametrize("rep", [assets(6), long_and_short(4), sectors()], ids=["assets", "long and short", "sectors"])
@pytest.mark.parametrize("lift", [True, False])
def test_convolutions_of_columns_are_torchs(always, settings, rep, lift, product):
    layer = convolution(settings, lift, rep)
    assert layer.applies
    if not product:
        layer.kernel.product = None
    randomize(layer)
    x = torch.randn(LEAST_BATCH, layer.kernel.in_features // 4, STEPS, requires_grad=True)
    mine = layer(x)
    layer.applies = False
    theirs = layer(x)
    assert mine.shape == theirs.shape
    assert largest([mine], [theirs]) < 1e-10
    assert largest(gradients(layer, x, mine), gradients(layer, x, theirs)) < 1e-10
    with torch.no_grad():
        layer.kernel.filters[0, 0, -1, 0, 0] += 1e-3
    assert largest([mine], [layer(x)]) > 1e-6


@pytest.mark.parametrize("settings", [Exact(window_channels=4), Relaxed(window_channels=4)], ids=["exact", "relaxed"])
def test_windows_are_read_alike_in_large_batches_and_small_ones(settings):
    step = assets(6)
    observation = Parts({"past": Window(step, 30), "now": Vector(step), "cash": Vector(trivial(step))})
    trunk = trunk_for(encoder_for(observation, settings), settings)
    assert all(layer.applies for layer in trunk.layers)
    randomize(trunk)
    x = torch.randn(2, LEAST_BATCH, observation.dim)
    small = torch.stack([trunk(row) for row in x.flatten(0, 1)]).view(2, LEAST_BATCH, -1)
    torch.testing.assert_close(trunk(x), small, rtol=1e-10, atol=1e-10)
    assert not torch.allclose(trunk(x), small.flip(1))


def test_many_networks_at_once_are_each_as_alone():
    """Through `torch.vmap`, as several seeds are trained in one process."""
    step = assets(6)
    observation = Parts({"past": Window(step, 30), "now": Vector(step)})
    settings = Relaxed(width=48, window_channels=4)
    critics = [Critic(trunk_for(encoder_for(observation, settings), settings), step, settings) for _ in range(3)]
    for critic in critics:
        randomize(critic)
    count = critics[0].mlp.least_batch
    x, action = torch.randn(3, count, observation.dim), torch.randn(3, count, step.dim)
    parameters, buffers = torch.func.stack_module_state(critics)

    def loss(own, x, action):
        return torch.func.functional_call(critics[0], (own, {k: v[0] for k, v in buffers.items()}), (x, action)).sum()

    together = torch.vmap(torch.func.grad(loss))(parameters, x, action)
    for seed, critic in enumerate(critics):
        wanted = {name: p for name, p in critic.named_parameters() if p.requires_grad}
        alone = torch.autograd.grad(critic(x[seed], action[seed]).sum(), list(wanted.values()), allow_unused=True)
        found = [together[name][seed] for name, own in zip(wanted, alone, strict=True) if own is not None]
        assert largest(found, [own for own in alone if own is not None]) < 1e-10
    assert largest([together["mlp.layers.0.filters"][0]], [together["mlp.layers.0.filters"][1]]) > 1e-3
