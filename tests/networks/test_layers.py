"""Every layer against dense symmetrisation, for every group, with negative controls."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3.common.utils import polyak_update

from nearsym.envs.symmetry import Group, Representation, Symmetry, SymmetryError
from nearsym.networks import (
    CHOICES,
    PlainLinear,
    RelaxedLinear,
    ResidualLinear,
    equivariance_error,
    hidden_representation,
    relaxation_penalty,
)
from nearsym.networks.sharing import GatherSharing, StackedSharing, weight_sharing

TOLERANCE = 1e-10
QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
SWAP, CYCLE = [1, 0, 2, 3, 4], [1, 2, 3, 4, 0]


def eighth():
    c = np.cos(np.pi / 4)
    return [[c, -c], [c, c]]


SYMMETRIES = {
    "C2": lambda: Symmetry.reflection(observation=[-1, 1, -1, -1, -1], action=[-1]),
    "C4": lambda: Symmetry.generated(observation=[np.kron(np.eye(2), QUARTER)], action=[QUARTER]),
    "D4": lambda: Symmetry.generated(
        observation=[np.kron(np.eye(2), QUARTER), np.kron(np.eye(2), MIRROR)], action=[QUARTER, MIRROR]
    ),
    "C8": lambda: Symmetry.generated(observation=[eighth()], action=[eighth()]),
    "S5": lambda: Symmetry.generated(
        observation=[SWAP + [5 + i for i in SWAP], CYCLE + [5 + i for i in CYCLE]],
        action=[SWAP, CYCLE],
        name="S5",
    ),
}


pytestmark = pytest.mark.usefixtures("float64")


def reps(name):
    """Representations before, inside and after a hidden layer."""
    symmetry = SYMMETRIES[name]()
    return symmetry.observation, hidden_representation(symmetry.observation), symmetry.action


def ends(name, kind):
    observation, hidden, action = reps(name)
    return {
        "lift": (observation, hidden),
        "group": (hidden, hidden),
        "project": (hidden, action),
        "invariant": (hidden, Representation.trivial(hidden.group)),
    }[kind]


def error(layer, in_rep, out_rep, c_in, c_out, batch=3):
    x = torch.randn(batch, c_in * in_rep.dim)
    return float(equivariance_error(lambda z: layer(z)[0], in_rep.tensor(c_in), out_rep.tensor(c_out), x).max())


def randomize(layer):
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.normal_()


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("kind", ["lift", "group", "project", "invariant"])
@settings(max_examples=8, deadline=None)
@given(c_in=st.integers(1, 3), c_out=st.integers(1, 3), banks=st.integers(1, 3), members=st.integers(1, 2))
def test_exact_layers_commute_with_the_group(name, kind, c_in, c_out, banks, members):
    in_rep, out_rep = ends(name, kind)
    layer = RelaxedLinear(in_rep, out_rep, c_in, c_out, banks=banks, relaxed=False, members=members)
    assert error(layer, in_rep, out_rep, c_in, c_out) < TOLERANCE


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("kind", ["lift", "group", "project"])
def test_relaxed_is_exact_while_weights_are_constant_and_not_after(name, kind):
    in_rep, out_rep = ends(name, kind)
    relax = "output" if kind == "lift" else "input"
    relaxed = RelaxedLinear(in_rep, out_rep, 2, 3, banks=2, relax=relax)
    exact = RelaxedLinear(in_rep, out_rep, 2, 3, banks=2, relax=relax, relaxed=False)
    exact.load_state_dict(relaxed.state_dict())
    x = torch.randn(4, 2 * in_rep.dim)
    assert torch.equal(relaxed(x), exact(x))
    with torch.no_grad():
        relaxed.relaxed_weights.theta[:] = torch.tensor([0.7, -1.3]).view(1, 2, 1)  # constant over the group
    torch.testing.assert_close(relaxed(x), exact(x), rtol=0, atol=TOLERANCE)
    with torch.no_grad():
        relaxed.relaxed_weights.theta.normal_()
    assert error(relaxed, in_rep, out_rep, 2, 3) > 1e-3


@pytest.mark.parametrize("name", SYMMETRIES)
@pytest.mark.parametrize("kind", ["lift", "group", "project"])
def test_a_relaxed_bias_starts_exact_and_may_leave(name, kind):
    in_rep, out_rep = ends(name, kind)
    layer = RelaxedLinear(in_rep, out_rep, 2, 3, relax="output" if kind == "lift" else "input", relax_biases=True)
    assert error(layer, in_rep, out_rep, 2, 3) < TOLERANCE
    assert relaxation_penalty(layer) == 0
    with torch.no_grad():
        layer.relaxed_bias.normal_()
    assert error(layer, in_rep, out_rep, 2, 3) > 1e-3
    assert relaxation_penalty(layer).item() == pytest.approx(layer.relaxed_bias.abs().sum().item() / 3)
    assert RelaxedLinear(in_rep, out_rep, relaxed=False, relax_biases=True).relaxed_bias is None


@pytest.mark.parametrize("name", ["C2", "C4", "D4", "C8"])
@pytest.mark.parametrize("kind", ["lift", "group", "project"])
def test_the_layer_can_be_every_equivariant_matrix(name, kind):
    """Dense oracle: W is equivariant iff it is its own group average; count and span must agree."""
    in_rep, out_rep = ends(name, kind)
    layer = RelaxedLinear(in_rep, out_rep, relaxed=False)
    dim = in_rep.dim * out_rep.dim
    average = np.mean([np.kron(o, i) for o, i in zip(out_rep.matrix, in_rep.matrix, strict=True)], axis=0)
    columns = []
    for k in range(layer.sharing.count):
        with torch.no_grad():
            layer.filters.zero_()
            layer.filters[0, 0, k] = 1
        columns.append(layer.expand()[0].detach().numpy().reshape(dim))
    span = np.stack(columns, axis=1)
    np.testing.assert_allclose(average @ span, span, atol=1e-12)
    assert np.linalg.matrix_rank(span) == np.linalg.matrix_rank(average, tol=1e-9)


def test_permutation_layer_is_deepsets():
    """W = a·1 + b·11ᵀ on five assets: two filter values."""
    _, hidden, action = reps("S5")
    layer = RelaxedLinear(hidden, action, relaxed=False)
    weight = layer.expand()[0][0].detach().numpy()
    assert layer.sharing.count == 2
    np.testing.assert_allclose(np.diag(weight), weight[0, 0])
    np.testing.assert_allclose(weight[~np.eye(5, dtype=bool)], weight[0, 1])
    for order in np.random.default_rng(0).permuted(np.tile(np.arange(5), (20, 1)), axis=1):
        np.testing.assert_allclose(weight[order][:, order], weight)


@pytest.mark.parametrize("name", ["C2", "D4"])
@pytest.mark.parametrize("kind", ["lift", "group", "project"])
def test_closed_forms(name, kind):
    """f(g) = Σ_l w_l(g) ψ_l ρ(g⁻¹) x and its siblings, written out with loops."""
    observation, hidden, action = reps(name)
    group = hidden.group
    in_rep, out_rep = ends(name, kind)
    layer = RelaxedLinear(in_rep, out_rep, relax="output" if kind == "lift" else "input", banks=2)
    randomize(layer)
    w = layer.relaxed_weights()[0].detach().numpy()
    one = copy.deepcopy(layer)
    total = np.zeros((out_rep.dim, in_rep.dim))
    for bank in range(2):  # the first column or row of each bank's matrix is its filter
        with torch.no_grad():
            one.filters.copy_(layer.filters)
            one.filters[0, 1 - bank] = 0
            one.relaxed_weights.theta.zero_()
        psi = one.expand()[0][0].detach().numpy()
        for g in range(group.order):
            if kind == "lift":
                total[g] += w[bank, g] * psi[0] @ observation.matrix[group.inverse[g]]
            elif kind == "group":
                for h in range(group.order):
                    total[g, h] += w[bank, h] * psi[0, group.table[group.inverse[g], h]]
            else:
                total[:, g] += w[bank, g] * action.matrix[g] @ psi[:, 0]
    np.testing.assert_allclose(layer.expand()[0][0].detach().numpy(), total, atol=1e-12)


@pytest.mark.parametrize("name", SYMMETRIES)
def test_gathered_and_multiplied_expansions_agree(name, monkeypatch):
    in_rep, out_rep = ends(name, "group")
    small = RelaxedLinear(in_rep, out_rep, 2, 3, banks=2, members=2)
    randomize(small)
    monkeypatch.setattr("nearsym.networks.sharing.MAX_BASIS", 0)
    large = RelaxedLinear(in_rep, out_rep, 2, 3, banks=2, members=2)
    assert type(large.sharing) is not type(small.sharing)
    large.load_state_dict(small.state_dict())
    for a, b in zip(small.expand(), large.expand(), strict=True):
        torch.testing.assert_close(a, b)


def asset_features(blocks):
    """Three assets in any order, seen through so many numbers of each and two that nothing moves."""
    group = Group("S3", ("swap 01", "swap 12"), (0, 1), None)
    asset = Representation.signed_permutation(group, [[1, 0, 2], [0, 2, 1]])
    return asset, asset.tensor(blocks).direct_sum(Representation.trivial(group, 2))


def assets(count):
    """One number of each of so many assets in any order."""
    swap, cycle = [1, 0, *range(2, count)], [*range(1, count), 0]
    return Representation.signed_permutation(Group(f"S{count}", ("swap", "cycle"), (0, 1), None), [swap, cycle])


def spanned(sharing, shape):
    """(count, entries) the matrix that each filter value alone expands to."""
    filters = torch.eye(sharing.count).view(sharing.count, 1, sharing.count, 1, 1)
    return sharing(filters, torch.ones(sharing.count, 1, shape[0], 1)).reshape(sharing.count, -1)


def test_stacked_blocks_share_as_the_whole_does(monkeypatch):
    """The same space of matrices, from as many numbers, by the blocks and by the orbits of the whole."""
    asset, features = asset_features(4)
    shape = asset.dim, features.dim
    whole = spanned(weight_sharing(asset, features), shape)
    monkeypatch.setattr("nearsym.networks.sharing.MAX_BASIS", 100)
    stacked = weight_sharing(asset, features, stack=True)
    assert isinstance(stacked, StackedSharing) and len(stacked.sharings) == 2
    both = torch.cat([whole, spanned(stacked, shape)])
    assert len(whole) == stacked.count == torch.linalg.matrix_rank(both) == 4 * 2 + 2
    everything = weight_sharing(asset, features).fan_in
    assert stacked.fan_in.inputs == everything.inputs == features.dim
    assert stacked.fan_in.filters == everything.filters
    assert sorted(stacked.fan_in.reach) == sorted(everything.reach)
    _, other = asset_features(3)
    assert torch.linalg.matrix_rank(spanned(weight_sharing(asset, other), (3, 11))) != stacked.count


def test_interlaced_blocks_are_not_stacked(monkeypatch):
    """Asset by asset instead of number by number: orbits interlace, and the whole is shared at once."""
    asset, _ = asset_features(1)
    interlaced = asset.product(Representation.trivial(asset.group, 9))
    monkeypatch.setattr("nearsym.networks.sharing.MAX_BASIS", 100)
    assert isinstance(weight_sharing(asset, interlaced, stack=True), GatherSharing)


def test_a_dense_side_needs_a_regular_one():
    observation, _, _ = reps("C8")
    with pytest.raises(SymmetryError, match="the other must be the regular representation"):
        RelaxedLinear(observation, observation)
    with pytest.raises(SymmetryError, match="different groups"):
        RelaxedLinear(observation, Representation.trivial(Group.cyclic(4)))


def test_plain_is_torch():
    torch.manual_seed(3)
    layer = PlainLinear(4, 5)
    reference = torch.nn.Linear(4, 5)
    reference.load_state_dict({"weight": layer.weight[0], "bias": layer.bias[0]})
    x = torch.randn(6, 4)
    torch.testing.assert_close(layer(x)[0], reference(x))
    assert layer.weight.abs().max().item() <= 0.5


def test_members_are_independent_networks():
    in_rep, out_rep = ends("D4", "group")
    layer = RelaxedLinear(in_rep, out_rep, 2, 2, members=3)
    randomize(layer)
    x = torch.randn(5, 2 * in_rep.dim)
    out = layer(x)
    for member in range(3):
        single = RelaxedLinear(in_rep, out_rep, 2, 2)
        single.load_state_dict({name: value[member : member + 1] for name, value in layer.state_dict().items()})
        torch.testing.assert_close(single(x)[0], out[member])
        torch.testing.assert_close(layer(x.expand(3, -1, -1))[member], out[member])


@pytest.mark.parametrize("banks", [1, 4])
def test_outputs_start_at_the_scale_of_torch(banks):
    """The standard deviation of each weight is torch's, 1/sqrt(3 fan_in), for any number of banks."""
    _, hidden, _ = reps("D4")
    layer = RelaxedLinear(hidden, hidden, 32, 32, banks=banks)
    expected = 1 / np.sqrt(3 * 256)
    assert abs(layer.expand()[0].std().item() / expected - 1) < 0.05


@pytest.mark.parametrize("banks", [1, 4])
@pytest.mark.parametrize("kind", ["group", "projection", "assets", "pool", "stacked", "flips"])
def test_inputs_that_move_together_start_at_the_scale_of_torch(kind, banks):
    """1/sqrt(3) for inputs that are all 1, however many share a filter; signs that cancel are no such inputs."""
    _, hidden, _ = reps("D4")
    _, two, odd = reps("C2")
    asset = assets(20)
    features = asset.tensor(20).direct_sum(Representation.trivial(asset.group, 2))
    pairs = {
        "group": (hidden, hidden),
        "projection": (hidden, Representation.trivial(hidden.group)),
        "assets": (asset, asset),
        "pool": (asset, Representation.trivial(asset.group)),
        "stacked": (features, asset),
        "flips": (two, odd),
    }
    torch.manual_seed(0)
    layer = RelaxedLinear(*pairs[kind], 30, 500, banks=banks, relax="output" if kind == "stacked" else "input")
    weight = layer.expand()[0][0].detach()
    together, apart = (weight @ x for x in (torch.ones(weight.shape[1]), torch.randn(weight.shape[1])))
    if kind == "flips":
        assert together.std() < 1e-5
        assert apart.std() * 3**0.5 == pytest.approx(1, abs=0.25)
    else:
        assert together.std() * 3**0.5 == pytest.approx(1, abs=0.1)
        assert apart.std() * 3**0.5 < 1.3


def residual(*args, **kwargs):
    return ResidualLinear(RelaxedLinear(*args, relaxed=False, **kwargs))


@pytest.mark.parametrize("make", [RelaxedLinear, residual])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_remembered_expansions_follow_every_way_of_writing_parameters(make, mode):
    in_rep, out_rep = ends("D4", "group")
    layer, other = make(in_rep, out_rep, 2, 2), make(in_rep, out_rep, 2, 2)
    randomize(layer)
    randomize(other)
    getattr(layer, mode)()
    x = torch.randn(3, 2 * in_rep.dim)
    keys = set(layer.state_dict())

    def check():
        with torch.no_grad():
            remembered = layer(x)
            fresh = copy.deepcopy(layer)
            assert fresh._cache is None
            assert torch.equal(remembered, fresh(x))
        return remembered.clone()

    seen = [check()]

    def step():
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.1, fused=True)
        layer(x).square().sum().backward()
        optimizer.step()

    writes = [
        step,
        lambda: polyak_update(other.parameters(), layer.parameters(), 0.5),  # writes through .data
        lambda: layer.load_state_dict(other.state_dict()),
        lambda: next(iter(layer.parameters())).data.mul_(2),
        lambda: layer.train(mode == "eval"),
    ]
    for write in writes[:-1]:
        write()
        seen.append(check())
        assert not torch.equal(seen[-1], seen[-2])
    writes[-1]()
    assert torch.equal(check(), seen[-1])
    assert set(layer.state_dict()) == keys


def test_expansions_are_remembered_only_without_gradients(monkeypatch):
    in_rep, out_rep = ends("C2", "group")
    layer = RelaxedLinear(in_rep, out_rep)
    calls = []
    expand = layer.expand
    monkeypatch.setattr(layer, "expand", lambda: calls.append(1) or expand())
    x = torch.randn(2, in_rep.dim)
    with torch.no_grad():
        layer(x), layer(x)
    assert len(calls) == 1
    layer(x).sum().backward()
    assert len(calls) == 2
    assert layer.filters.grad is not None and bool(layer.filters.grad.any())


def test_choices_are_complete():
    assert CHOICES == ("plain", "exact", "relaxed", "rpp")
