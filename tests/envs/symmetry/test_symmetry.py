"""Groups, representations, orbits and declared symmetries, against dense matrices."""

import itertools

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import (
    Group,
    Representation,
    Symmetry,
    coordinate_orbits,
    cover_orbits,
    equivariant_orbits,
    invariant_orbits,
)

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
SWAP, CYCLE = [1, 0, 2, 3, 4], [1, 2, 3, 4, 0]


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


@pytest.mark.parametrize("group", [Group.trivial(), Group.cyclic(5), Group.dihedral(1), Group.dihedral(4)])
def test_named_groups_obey_every_law(group):
    table = group.table
    for g, h, k in itertools.product(range(group.order), repeat=3):
        assert table[table[g, h], k] == table[g, table[h, k]]
    assert (table[np.arange(group.order), group.inverse] == 0).all()


def test_a_table_that_is_no_group_is_refused():
    loop = np.array(  # a loop: identity and inverses, but not associative
        [[0, 1, 2, 3, 4], [1, 0, 3, 4, 2], [2, 4, 0, 1, 3], [3, 2, 4, 0, 1], [4, 3, 1, 2, 0]]
    )
    with pytest.raises(SymmetryError, match="not associative"):
        Group("loop", tuple("eabcd"), (1, 2), loop)
    with pytest.raises(SymmetryError, match="repeats an element"):
        Group("bad", ("e", "a", "b"), (1,), np.array([[0, 1, 2], [1, 1, 0], [2, 0, 1]]))
    with pytest.raises(SymmetryError, match="reach 2 of 4"):
        Group("C4", ("e", "a", "b", "c"), (2,), Group.cyclic(4).table)


@pytest.mark.parametrize("group", [Group.cyclic(6), Group.dihedral(4)])
def test_the_regular_representation_is_a_homomorphism(group):
    matrix = Representation.regular(group).matrix
    for g, h in itertools.product(range(group.order), repeat=2):
        assert np.array_equal(matrix[g] @ matrix[h], matrix[group.table[g, h]])


def test_signed_and_dense_storage_agree():
    rng = np.random.default_rng(0)
    symmetry = Symmetry.generated(
        observation=[np.kron(np.eye(2), QUARTER), np.kron(np.eye(2), MIRROR)], action=[QUARTER, MIRROR]
    )
    signed = symmetry.observation.rep.direct_sum(symmetry.action).copies(2)
    dense = Representation(symmetry.group, dense=signed.matrix)
    x = rng.normal(size=(3, signed.dim))
    assert signed.is_signed_permutation and not dense.is_signed_permutation
    for g in range(symmetry.group.order):
        np.testing.assert_allclose(signed.apply(g, x), dense.apply(g, x), atol=1e-15)
        np.testing.assert_allclose(
            signed.tensor_product(symmetry.action).matrix[g], np.kron(signed.matrix[g], symmetry.action.matrix[g])
        )
        np.testing.assert_allclose(signed.permutation().matrix[g], np.abs(signed.matrix[g]))


def test_direct_sum_of_signed_and_dense_is_block_diagonal():
    group = Group.cyclic(8)
    turns = Representation.matrices(group, [rotation(45 * k) for k in range(8)])
    regular = Representation.regular(group)
    total = turns.direct_sum(regular)
    assert not turns.is_signed_permutation and total.dim == 10
    np.testing.assert_array_equal(total.matrix[3][:2, :2], turns.matrix[3])
    np.testing.assert_array_equal(total.matrix[3][2:, 2:], regular.matrix[3])
    assert not total.matrix[:, :2, 2:].any()


def test_a_group_too_large_to_list_is_kept_as_generators():
    symmetry = Symmetry.generated(observation=[SWAP, CYCLE], action=[SWAP, CYCLE], name="S5")
    assert not symmetry.group.listed and symmetry.group.order is None and symmetry.group.rows == 2
    assert cover_orbits(symmetry.observation.rep) == [(tuple(SWAP), tuple(CYCLE))]


@st.composite
def signed_permutations(draw):
    dim = draw(st.integers(1, 4))
    count = draw(st.integers(1, 2))
    pairs = [
        (
            draw(st.permutations(range(dim))),
            draw(st.lists(st.sampled_from([-1, 1]), min_size=dim, max_size=dim)),
        )
        for _ in range(count)
    ]
    return [(np.array(p), np.array(s)) for p, s in pairs]


def all_products(generators):
    """Every element of the generated group as a dense matrix: slow, independent of the package."""
    matrices = [np.eye(len(p))[p] * s[:, None] for p, s in generators]
    found = [np.eye(len(matrices[0]))]
    seen = {found[0].tobytes()}
    for m in found:
        for product in (m @ a + 0.0 for a in matrices):  # + 0.0 turns -0.0 into 0.0
            if product.tobytes() not in seen:
                seen.add(product.tobytes())
                found.append(product)
    return np.array(found)


@settings(max_examples=60, deadline=None)
@given(signed_permutations())
def test_orbits_span_exactly_the_invariant_vectors(generators):
    arrays = [p for p, _ in generators], [s for _, s in generators]
    group = Group.generated("generated", tuple("ab"[: len(generators)]), *arrays)
    rep = Representation.signed_permutation(group, *arrays)
    projector = all_products(generators).mean(axis=0)
    orbits = invariant_orbits(rep)
    basis = np.zeros((rep.dim, orbits.count))
    basis[np.arange(rep.dim)[orbits.label >= 0], orbits.label[orbits.label >= 0]] = orbits.sign[orbits.label >= 0]
    np.testing.assert_allclose(projector @ basis, basis, atol=1e-12)
    assert orbits.count == np.linalg.matrix_rank(projector, tol=1e-9)
    assert sum(map(len, coordinate_orbits(rep))) == rep.dim


def test_equivariant_orbits_have_the_dimension_of_the_commutant():
    symmetry = Symmetry.generated(observation=[QUARTER, MIRROR], action=[QUARTER, MIRROR])
    rep = symmetry.observation.rep.direct_sum(Representation.regular(symmetry.group))
    products = np.array([np.kron(m, m) for m in rep.matrix]).mean(axis=0)
    assert equivariant_orbits(rep, rep).count == np.linalg.matrix_rank(products, tol=1e-9)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda: Symmetry.generated([[[1, 1], [0, 1]]], [QUARTER]),
            "observation generator 0 is not orthogonal: .* by 1",
        ),
        (lambda: Symmetry.generated([rotation(np.degrees(1))], [[1]]), "taken to be infinite"),
        (
            lambda: Symmetry.generated([QUARTER], [[1, 2, 0]]),
            r"do not close consistently: element r\^4 leaves every",
        ),
        (lambda: Symmetry.generated([QUARTER, MIRROR], [QUARTER]), r"same number of generators.*'action': 1"),
        (lambda: Symmetry.generated([[1, 0], [1, 0, 2]], [[1], [1]]), "different numbers of coordinates"),
        (lambda: Symmetry.reflection([2, 1], [1]), r"observation generator 0 is \[2.0, 1.0\]"),
        (lambda: Symmetry.reflection([1, np.nan], [1]), "expected a sign vector"),
        (lambda: Symmetry.reflection(QUARTER, [[-1, 0], [0, -1]]), "done twice must be the identity"),
        (lambda: Symmetry.reflection([1, 1], [1]), "done twice must be the identity"),
    ],
)
def test_bad_declarations_say_which_law_fails(build, message):
    with pytest.raises(SymmetryError, match=message):
        build()


def test_a_wrong_homomorphism_is_refused():
    with pytest.raises(SymmetryError, match=r"ρ\(r\)·ρ\(r\) differs from ρ\(r\^2\) by 2"):
        Representation.signed_permutation(Group.cyclic(4), [[0], [0], [0], [0]], [[1], [-1], [-1], [-1]])


def box(*shape, low=-1.0, high=1.0):
    return gymnasium.spaces.Box(low, high, shape)


def test_spaces_are_checked():
    symmetry = Symmetry.reflection(observation=[-1, 1], action=[-1])
    symmetry.check_spaces(box(2), box(1))
    with pytest.raises(SymmetryError, match=r"acts on 2 observation coordinates.* has 3"):
        symmetry.check_spaces(box(3), box(1))
    with pytest.raises(SymmetryError, match="Box spaces"):
        symmetry.check_spaces(box(2), gymnasium.spaces.MultiBinary(2))
    with pytest.raises(SymmetryError, match=r"takes the action box \[\[-1.0\], \[2.0\]\] to \[\[-2.0\], \[1.0\]\]"):
        symmetry.check_spaces(box(2), box(1, low=-1.0, high=2.0))
    with pytest.raises(SymmetryError, match="declared on one flat vector"):
        symmetry.check_spaces(gymnasium.spaces.Dict(a=box(2)), box(1))


def test_discrete_actions_are_exchanged():
    two, three = gymnasium.spaces.Discrete(2), gymnasium.spaces.Discrete(3)
    exchange = Symmetry.reflection(observation=[-1, 1], action=[1, 0])
    exchange.check_spaces(box(2), two)
    with pytest.raises(SymmetryError, match=r"has 3 discrete actions.*a permutation of 3 such as \[2, 1, 0\]"):
        exchange.check_spaces(box(2), three)
    signed = Symmetry.reflection(observation=[-1, 1], action=[-1, -1])
    with pytest.raises(SymmetryError, match="has 2 discrete actions, which a group exchanges"):
        signed.check_spaces(box(2), two)


def test_dict_observations_flatten_in_the_order_of_the_space():
    symmetry = Symmetry.reflection(observation={"velocity": [-1], "position": [-1, 1]}, action=[-1])
    space = gymnasium.spaces.Dict(position=box(2), velocity=box(1))
    symmetry.check_spaces(space, box(1))
    flat = symmetry.ordered(space).observation.rep
    assert flat.arrays[1][1].tolist() == [-1, 1, -1]
    with pytest.raises(SymmetryError, match="names observation keys"):
        symmetry.check_spaces(gymnasium.spaces.Dict(position=box(2)), box(1))


def test_symmetry_is_immutable_and_readable():
    symmetry = Symmetry.reflection(observation=[-1, 1, -1, -1, -1], action=[-1], state=[-1] * 4)
    assert "observation (5): s: signs -+---" in repr(symmetry)
    with pytest.raises(AttributeError):
        symmetry.action = symmetry.observation.rep
    with pytest.raises(ValueError, match="read-only"):
        symmetry.action.index[0, 0] = 1


def test_keys_that_are_exchanged():
    """Two legs change places: on the flattened Dict, whose keys are sorted, as written out by hand."""
    box = gymnasium.spaces.Box(-1, 1, (2,))
    space = gymnasium.spaces.Dict({"right": box, "left": box, "near": gymnasium.spaces.Box(-1, 1, (1,))})
    symmetry = Symmetry.reflection(
        observation={("right", "left"): ([2, 3, 0, 1], [1, -1, 1, -1]), "near": [-1]}, action=[1, 0]
    )
    motors = gymnasium.spaces.Box(-1, 1, (2,))
    symmetry.check_spaces(space, motors)
    flat = symmetry.ordered(space).observation.rep
    # near lies between left and right: (l0, l1, n, r0, r1) -> (r0, -r1, -n, l0, -l1)
    assert list(space) == ["left", "near", "right"]
    np.testing.assert_array_equal(flat.apply(1, np.array([1.0, 2, 3, 4, 5])), [4, -5, -3, 1, -2])
    mixed = np.kron([[0, 1], [1, 0]], [[0.6, 0.8], [0.8, -0.6]])
    dense = Symmetry.reflection({("right", "left"): mixed, "near": [-1]}, [1, 0]).ordered(space).observation.rep
    oracle = np.insert(np.insert(mixed[[2, 3, 0, 1]][:, [2, 3, 0, 1]], 2, 0, axis=0), 2, 0, axis=1)
    oracle[2, 2] = -1
    np.testing.assert_allclose(dense.matrix[1], oracle)
    with pytest.raises(
        SymmetryError, match=r"acts on 4 numbers of the keys \('near', 'left'\), the environment's have 3"
    ):
        Symmetry.reflection({("near", "left"): [2, 3, 0, 1], "right": [1, 1]}, [1, 0]).check_spaces(space, motors)
    with pytest.raises(SymmetryError, match="names observation keys"):
        Symmetry.reflection({("right", "up"): [2, 3, 0, 1], "near": [-1]}, [1, 0]).check_spaces(space, motors)
