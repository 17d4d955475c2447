"""Every layer against dense symmetrisation, for every group, with negative controls."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Group, Representation, Symmetry
from nearsym.networks import PlainLinear, RelaxedLinear, equivariance_error, hidden_representation, relaxation_penalty

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
    return symmetry.observation.rep, hidden_representation(symmetry.observation.rep), symmetry.action


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
    return float(equivariance_error(lambda z: layer(z)[0], in_rep.copies(c_in), out_rep.copies(c_out), x).max())


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
