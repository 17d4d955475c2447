"""Families whose matrices may leave the equivariant ones, against dense matrices and means over the group."""

import numpy as np
import pytest
import torch

from nearsym.envs.symmetry import Representation, Symmetry, image_representation
from nearsym.networks import Actor, Exact, equivariance_error, family, parameter_count, transform
from nearsym.networks.complement_linear import mean_zero_functions
from nearsym.networks.discovery import matrix_departures
from nearsym.networks.features import hidden_representation
from nearsym.networks.group_mean import GroupMean
from nearsym.networks.linear import ExpandedLinear

pytestmark = pytest.mark.usefixtures("float64")

QUARTER, MIRROR = np.array([[0, -1], [1, 0]]), np.array([[1, 0], [0, -1]])
THIRD = np.array([[-0.5, -np.sqrt(0.75)], [np.sqrt(0.75), -0.5]])
NAMES = ["rpp", "complement", "projected", "constrained"]


def d4():
    turn, flip = np.kron(np.eye(2), QUARTER), np.kron(np.eye(2), MIRROR)
    return Symmetry.generated(observation=[turn, flip], action=[QUARTER, MIRROR])


def c2():
    return Symmetry.reflection(observation=[-1, 1, -1], action=[-1, 1])


def c3():
    """Dense on observations."""
    return Symmetry.generated(observation=[THIRD], action=[[[1.0]]])


def assets():
    """Known by its generators alone; as a matrix for the oracle see `elements`."""
    return Symmetry.generated(observation=[[1, 0, 2], [1, 2, 0]], action=[[1, 0, 2], [1, 2, 0]])


def elements(rep):
    """(|G|, dim, dim): closed under products, from the generators."""
    index, sign = (np.asarray(a) for a in rep.arrays) if rep.dense is None else (None, None)
    known = (
        list(rep.dense)
        if index is None
        else [np.eye(rep.dim)[i] * s[:, None] for i, s in zip(index, sign, strict=True)]
    )
    while True:
        more = [a @ b for a in known for b in known]
        found = {np.round(m, 6).tobytes(): m for m in [np.round(each, 6) + 0.0 for each in [*known, *more]]}
        if len(found) == len({np.round(each, 6).tobytes() for each in known}):
            return np.stack(list(found.values()))
        known = list(found.values())


def reps(symmetry):
    """Of the layers of an actor, as (input, output, the side that relaxed weights belong to)."""
    hidden = hidden_representation(symmetry.observation.rep)
    return [
        (symmetry.observation.rep, hidden, "output"),
        (hidden, hidden, "input"),
        (hidden, symmetry.action, "input"),
    ]


def mean_over_the_group(matrix, out_rep, in_rep):
    """P of (out, in) matrices by its definition, of pairs (ρ_out(g), ρ_in(g)) that are closed under products."""
    joint = elements(out_rep.direct_sum(in_rep))
    out, inwards = joint[:, : out_rep.dim, : out_rep.dim], joint[:, out_rep.dim :, out_rep.dim :]
    return np.mean([np.linalg.inv(a) @ matrix @ b for a, b in zip(out, inwards, strict=True)], axis=0)


def scattered(layer):
    """The same layer with random parameters."""
    with torch.no_grad():
        for p in layer.parameters():
            if p.requires_grad:
                p.normal_()
    return layer


@pytest.mark.parametrize("make", [c2, d4, c3, assets])
def test_the_group_mean_is_the_mean_over_the_group(make):
    for in_rep, out_rep, _ in reps(make()):
        w = torch.randn(2, 3 * out_rep.dim, 2 * in_rep.dim)
        blocks = w.view(2, 3, out_rep.dim, 2, in_rep.dim)
        mean = GroupMean(out_rep, in_rep)(w).view_as(blocks)
        expected = mean_over_the_group(blocks[1, 2, :, 1].numpy(), out_rep, in_rep)
        np.testing.assert_allclose(mean[1, 2, :, 1].numpy(), expected, atol=1e-6)
        assert np.abs(blocks[1, 2, :, 1].numpy() - expected).max() > 0.1
        again = GroupMean(out_rep, in_rep)(mean.reshape_as(w))
        torch.testing.assert_close(again, mean.reshape_as(w))


@pytest.mark.parametrize("make", [c2, d4, c3, assets])
def test_the_complement_is_orthogonal_to_all_equivariant_matrices(make):
    for in_rep, out_rep, relax in reps(make()):
        layer = scattered(family("complement").linear(in_rep, out_rep, 1, 1, relax=relax))
        weight, _ = layer.expand()
        apart = weight[0].detach().numpy() - mean_over_the_group(weight[0].detach().numpy(), out_rep, in_rep)
        with torch.no_grad():
            layer.filters.zero_()
            layer.bias_filters.zero_()
        np.testing.assert_allclose(layer.expand()[0][0].detach().numpy(), apart, atol=1e-6)
        left = mean_over_the_group(layer.expand()[1].detach().numpy().T, out_rep, Representation.trivial(in_rep.group))
        np.testing.assert_allclose(left, 0, atol=1e-6)
        assert layer.departed().item() == pytest.approx(
            np.square(apart).sum() + layer.expand()[1].square().sum().item(), rel=1e-6
        )


@pytest.mark.parametrize("make", [c2, d4, c3])
def test_with_its_complement_a_layer_is_any_matrix_and_no_more(make):
    for in_rep, out_rep, relax in reps(make()):
        layer = family("complement").linear(in_rep, out_rep, 1, 1, relax=relax)
        parameters = [p for p in layer.parameters() if p.requires_grad]
        columns = []
        for p in parameters:
            for i in range(p.numel()):
                with torch.no_grad():
                    for q in parameters:
                        q.zero_()
                    p.view(-1)[i] = 1
                columns.append(torch.cat([part.flatten() for part in layer.expand()]).detach())
        assert len(columns) == out_rep.dim * (in_rep.dim + 1)
        assert torch.linalg.matrix_rank(torch.stack(columns)) == len(columns)


def test_kernels_have_a_complement_too():
    plane = Symmetry.generated(observation=[QUARTER, MIRROR], action=[QUARTER, MIRROR]).observation.rep
    taps, regular = image_representation(plane, (1, 3, 3)), Representation.regular(plane.group)
    layer = scattered(family("complement").linear(regular, regular, 1, 1, grid=taps))
    mean = GroupMean(regular, regular.tensor_product(taps))
    weight, bias = layer.expand()
    apart = (weight - mean(weight)).square().sum() + (bias - bias.mean()).square().sum()
    assert parameter_count(layer) == weight.numel() + bias.numel()
    assert layer.departed().item() == pytest.approx(apart.item())


def test_functions_of_mean_zero_are_orthogonal_on_every_orbit():
    two = Representation.regular(c2().group)
    np.testing.assert_allclose(mean_zero_functions(two), [[1, -1]], atol=1e-12)
    mixed = Symmetry.generated(observation=[[1, 2, 0, 3, 4], [1, 0, 2, 3, 4]], action=[[0], [0]]).observation.rep
    functions = mean_zero_functions(mixed)
    assert functions.shape == (2, 5) and not functions[:, 3:].any()
    np.testing.assert_allclose(functions[:, :3] @ functions[:, :3].T, 3 * np.eye(2), atol=1e-12)
    np.testing.assert_allclose(functions.sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("make", [c2, d4, c3, assets])
@pytest.mark.parametrize("name", NAMES)
def test_they_start_equivariant_and_say_so_until_they_are_not(name, make):
    symmetry, settings = make(), family(name, width=48)
    actor = Actor(symmetry.observation.rep, symmetry.action, settings)
    x = torch.randn(16, symmetry.observation.dim)

    def error():
        return equivariance_error(lambda z: actor(z)[0], symmetry.observation.rep, symmetry.action, x).max().item()

    departures = settings.departures(actor)
    assert error() < 1e-6 and len(departures) == 4
    assert max(each.max().item() for each in departures.values()) < 1e-6
    if settings.relaxation(actor) is not None:
        assert settings.relaxation(actor).item() == pytest.approx(0, abs=1e-10)
    optimizer = torch.optim.Adam(actor.parameters(), lr=1e-2)
    for _ in range(20):
        loss = (actor(x)[0] - x[:, :1].sign() - 1).square().mean()
        penalty = settings.regularizer(actor, loss)
        optimizer.zero_grad()
        (loss + penalty).backward()
        optimizer.step()
    assert error() > 1e-2
    assert max(each.max().item() for each in settings.departures(actor).values()) > 1e-2
    if settings.relaxation(actor) is not None:
        assert settings.relaxation(actor).item() > 1e-4


def test_a_schedule_starts_and_ends_exact():
    symmetry, settings = d4(), family("scheduled", width=16, relaxed_updates=10)
    actor = scattered(Actor(symmetry.observation.rep, symmetry.action, settings))
    x = torch.randn(16, symmetry.observation.dim)
    clocks = list(settings.clocks(actor))
    assert len(clocks) == 4 and not any(clock.requires_grad for clock in clocks)
    errors, relaxations = [], []
    for update in (0, 5, 10, 11):
        for clock in clocks:
            clock.data.fill_(update)
        error = equivariance_error(lambda z: actor(z)[0], symmetry.observation.rep, symmetry.action, x).max()
        errors.append(float(error))
        relaxations.append(settings.relaxation(actor).item())
        assert (max(float(each.max()) for each in settings.departures(actor).values()) < 1e-6) == (update != 5)
    assert max(errors[0], *errors[2:]) < 1e-6 < 0.1 < errors[1]
    assert relaxations[0] == relaxations[2] == relaxations[3] == 0 < relaxations[1]


@pytest.mark.parametrize("make", [c2, d4, c3])
def test_departures_by_dense_matrices(make):
    for in_rep, out_rep, relax in reps(make()):
        layer = scattered(family("projected").linear(in_rep, out_rep, 2, 3, relax=relax, members=2))
        (found,) = matrix_departures(torch.nn.ModuleList([layer]), ExpandedLinear).values()
        weight, bias = (part.detach().numpy() for part in layer.expand())
        for g in range(in_rep.group.rows):
            out = np.kron(np.eye(3), out_rep.matrix[g])
            inwards = np.kron(np.eye(2), in_rep.matrix[g])
            expected = [
                np.hypot(np.linalg.norm(out @ w - w @ inwards), np.linalg.norm(out @ b - b))
                / np.hypot(np.linalg.norm(w), np.linalg.norm(b))
                for w, b in zip(weight, bias, strict=True)
            ]
            assert found[g].item() == pytest.approx(np.mean(expected), abs=1e-6)
        (exact,) = matrix_departures(
            torch.nn.ModuleList([scattered(Exact().linear(in_rep, out_rep, 2, 3, relax=relax))]), ExpandedLinear
        ).values()
        assert exact.max() < 1e-6


def test_a_subgroup_that_is_kept_shows_as_zeros():
    symmetry = d4()
    hidden = Representation.regular(symmetry.group)
    layer = family("projected").linear(hidden, hidden)
    kept = hidden.matrix[1] @ hidden.matrix[1]  # the half turn
    with torch.no_grad():
        noise = torch.randn(8, 8).numpy()
        layer.weight += torch.tensor(noise + np.linalg.inv(kept) @ noise @ kept)
    (found,) = matrix_departures(torch.nn.ModuleList([layer]), ExpandedLinear).values()
    zero = {name for name, value in zip(symmetry.group.names, found.tolist(), strict=True) if value < 1e-6}
    assert len(zero) == 2 and len(found) == 8


def trained(target, steps=300):
    """A constrained network that says y(-x) = -y(x), after learning y = target(x); with its settings and error."""
    symmetry = Symmetry.reflection(observation=[-1], action=[-1])
    settings = family("constrained", width=16, depth=1)
    actor = Actor(symmetry.observation.rep, symmetry.action, settings)
    optimizer = torch.optim.Adam(actor.parameters(), lr=1e-2)
    x = torch.linspace(-1, 1, 32)[:, None]
    for _ in range(steps):
        loss = (actor(x)[0] - target(x)).square().mean()
        optimizer.zero_grad()
        (loss + settings.regularizer(actor, loss)).backward()
        optimizer.step()
    return actor, settings, loss.item()


def test_multipliers_say_where_freedom_is_needed():
    free, settings, error = trained(torch.abs)
    bound, _, _ = trained(torch.sin)
    needed, unneeded = (
        sum(value for name, value in settings.readings(actor).items() if name.startswith("multiplier"))
        for actor in (free, bound)
    )
    assert error < 1e-3
    assert needed > 1.5 * unneeded > 0
    assert settings.relaxation(free) > settings.relaxation(bound)


def test_a_multiplier_does_not_move_where_the_exact_part_alone_can_gain():
    """Its gradient is 0 on data as symmetric as the task, because the free part starts orthogonal to the exact one."""
    symmetry = c2()
    actor = Actor(symmetry.observation.rep, symmetry.action, family("constrained", width=16))
    x = torch.randn(8, 3)
    x = torch.cat([x, transform(symmetry.observation.rep, 1, x)])
    target = x[:, :1] * x[:, 1:2].abs()
    whole = torch.cat([target, target.abs()], dim=1)  # moves by (-1, 1) as actions do
    for odd, zero in ((whole, True), (whole + torch.tensor([1.0, 0.0]), False)):
        actor.zero_grad()
        (actor(x)[0] - odd).square().mean().backward()
        gradients = [p.grad.abs().max().item() for name, p in actor.named_parameters() if name.endswith("0.gamma")]
        assert len(gradients) == 2 and (max(gradients) < 1e-12) == zero


def test_the_lagrangians_gradient_by_hand():
    symmetry = c2()
    layer = family("constrained").linear(Representation.regular(symmetry.group), symmetry.action, members=4)
    with torch.no_grad():
        layer.gamma.copy_(torch.tensor([0.5, -0.5, 0.1, 0.0]))
        layer.multiplier.copy_(torch.tensor([1.0, 3.0, -0.1, -0.1]))
    layer.lagrangian(slack=4.0, scale=torch.tensor(10.0)).backward()
    torch.testing.assert_close(layer.gamma.grad, torch.tensor([10.0, -30.0, 0.0, 0.0]))  # scale · λ · sign γ
    torch.testing.assert_close(layer.multiplier.grad, torch.tensor([-0.25, 0.25, -0.1, 0.0]))  # λ / ρ - |γ|
