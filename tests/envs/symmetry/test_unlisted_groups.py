"""Groups known by their generators alone: which are the same, and what represents them, against all products."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Group, Representation, Symmetry

SWAP, CYCLE = [1, 0, 2, 3, 4], [1, 2, 3, 4, 0]
S5 = [SWAP, CYCLE]
PAIRS = [[5 * p[i] + p[j] for i in range(5) for j in range(5)] for p in S5]  # the same on ordered pairs of five
TWELVE = [[1, 0, *range(2, 12)], [*range(1, 12), 0]]  # all permutations of twelve
ELEVEN = [[1, 0, *range(2, 12)], [*range(1, 11), 0, 11]]  # the last stays


def known_by(generators, sign=None, name="G"):
    return Group.generated(name, tuple(f"g{k}" for k in range(len(generators))), generators, sign)


def count_products(generators):
    """The order of the group that (rows, points) permutations generate, by listing it."""
    found = {tuple(range(len(generators[0])))}
    frontier = list(found)
    while frontier:
        new = {tuple(p[i] for i in g) for p in frontier for g in generators} - found
        found |= new
        frontier = list(new)
    return len(found)


def test_different_groups_of_one_name_are_different():
    """Both are called "generated" and have two generators, of twelve coordinates each."""
    all_of_twelve, eleven = Symmetry.generated(TWELVE, TWELVE), Symmetry.generated(ELEVEN, ELEVEN)
    assert all_of_twelve.group.name == eleven.group.name and all_of_twelve.group.names == eleven.group.names
    assert all_of_twelve.group != eleven.group
    again = Symmetry.generated(TWELVE, TWELVE, name="S12")
    assert again.group == all_of_twelve.group and hash(again.group) == hash(all_of_twelve.group)
    with pytest.raises(SymmetryError, match="represents"):
        Symmetry(eleven.group, all_of_twelve.observation, eleven.action)
    with pytest.raises(SymmetryError, match=r"a direct sum needs one group, got .*what their generators do"):
        all_of_twelve.action.direct_sum(eleven.action)
    with pytest.raises(SymmetryError, match="a tensor product needs one group"):
        all_of_twelve.action.tensor_product(eleven.action)


def test_the_same_group_seen_on_other_coordinates_is_the_same():
    five, pairs = known_by(S5), known_by(PAIRS, name="pairs")
    assert five == pairs and hash(five) == hash(pairs)
    assert five != known_by(S5[::-1])  # generator 0 of one is of order 2, of the other of order 5
    assert five != known_by(S5, [[1] * 5, [-1] * 5])
    assert five != known_by([SWAP, [1, 0, 2, 3, 4]])  # C2, twice
    squares = known_by([[2, 1, 0, 3], [0, 3, 2, 1], [1, 2, 3, 0]])  # D4 by two mirrors and a turn
    assert squares != known_by([[2, 1, 0, 3], [0, 3, 2, 1], [1, 0, 3, 2]])


permutations = st.permutations(range(4))
pairs_of_four = st.lists(st.tuples(permutations, permutations), min_size=1, max_size=3)


@settings(max_examples=200, deadline=None)
@given(pairs_of_four, st.booleans(), permutations)
def test_groups_are_the_same_when_their_generators_go_together(pairs, conjugate, by):
    """G = H by g_k ↦ h_k exactly when the pairs (g_k, h_k) generate as many elements as either side."""
    left, right = ([list(p) for p in side] for side in zip(*pairs, strict=True))
    if conjugate:  # the same group on points of other names
        right = [[by[p[by.index(i)]] for i in range(4)] for p in left]
    both = [[*p, *(4 + i for i in q)] for p, q in zip(left, right, strict=True)]
    same = count_products(both) == count_products(left) == count_products(right)
    assert same or not conjugate
    assert (known_by(left) == known_by(right)) == same
    represents = count_products(both) == count_products(left)
    group = known_by(left)
    try:
        Symmetry(group, Representation.signed_permutation(group, left), Representation.signed_permutation(group, right))
        assert represents
    except SymmetryError:
        assert not represents


def test_kernels_are_found_in_groups_too_large_to_count():
    """The sign of a permutation is a representation of S100, an unrelated sign is none."""
    swaps = np.tile(np.arange(100), (99, 1))
    for k, swap in enumerate(swaps):
        swap[[k, k + 1]] = k + 1, k
    group = known_by(swaps)
    assert math.prod(group.generator_orders) == 2**99
    rep = Representation.signed_permutation(group, swaps)
    parity = Representation.signed_permutation(group, np.zeros((99, 1)), -np.ones((99, 1)))
    Symmetry(group, rep, parity)
    signs = -np.ones((99, 1))
    signs[50] = 1  # neighbouring swaps are conjugate
    with pytest.raises(SymmetryError, match=r"action is no representation of Group\(G, 99 generators\)"):
        Symmetry(group, rep, Representation.signed_permutation(group, np.zeros((99, 1)), signs))


def test_a_generator_of_the_wrong_order_is_refused():
    with pytest.raises(SymmetryError, match=r"ρ\(g0\)\^2 departs from the identity by 2, and g0\^2 is the identity"):
        Representation.signed_permutation(known_by(S5), [CYCLE, CYCLE])
    with pytest.raises(SymmetryError, match=r"ρ\(g1\)\^5 departs from the identity by 1\.\d*,"):
        turn = np.array([[0.6, -0.8], [0.8, 0.6]])
        Representation.matrices(known_by(S5), [np.eye(2), turn])


def test_an_action_that_moves_while_all_that_is_seen_stays_is_refused():
    flip = (list(range(5)), [-1] * 5)
    with pytest.raises(SymmetryError, match="leaves every observation where it is and turns the action round"):
        Symmetry.generated(observation=[*S5, list(range(5))], action=[*S5, flip])
    seen = Symmetry.generated(observation=[*S5, flip], action=[*S5, flip])  # a flip that is seen may act
    assert not seen.group.listed
    with pytest.raises(SymmetryError, match="turns the action round"):  # an even number of swaps flips as well
        Symmetry.generated(observation=S5, action=[SWAP, (CYCLE, [-1] * 5)])
    Symmetry.generated(observation=S5, action=[(SWAP, [-1] * 5), CYCLE])  # flipped by odd permutations
    group = known_by([[*p, *(5 + i for i in q)] for p, q in zip(S5, [SWAP, SWAP], strict=True)])
    one, other = (Representation.signed_permutation(group, p) for p in (S5, [SWAP, SWAP]))
    Symmetry(group, one, other)  # built by hand: interchangeable actuators may be meant


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Group("S5", ("a", "b"), (0, 1), None), r"known by what each of its 2 generators does, got \[\]"),
        (lambda: Group.generated("S3", ("a",), [[0, 0, 1]]), "group S3: each generator is a permutation"),
        (lambda: Group.generated("S3", ("a",), [[0, 1]], [[1, 2]]), r"with signs \[\[1, 2\]\]"),
        (lambda: Group.generated("S3", ("a", "b"), [[1, 0]]), r"each of its 2 generators does, got \[1\]"),
        (lambda: Group.generated("S3", ("a", "a"), [[1, 0], [1, 0]]), "'a' names two elements"),
    ],
)
def test_generators_that_are_none_are_refused(build, message):
    with pytest.raises(SymmetryError, match=message):
        build()


def test_an_action_that_turns_round_unseen_is_refused():
    """S5 with a flip of the action alone, from its group and from listed ones; exchanged actuators stay allowed."""
    still = list(range(5))
    moves = [[*p, 5] for p in (*S5, still)]
    group = Group.generated("S5 x C2", ("a", "b", "flip"), moves, group_signs())
    seen = Representation.signed_permutation(group, [*S5, still])
    for action in (
        Representation.signed_permutation(group, [[0]] * 3, [[1], [1], [-1]]),
        Representation.signed_permutation(group, [*S5, still], [[1] * 5, [1] * 5, [-1] * 5]),
    ):
        with pytest.raises(SymmetryError, match="turns the action round, so the only action there could be is 0"):
            Symmetry(group, seen, action)
    mirror = Group.dihedral(1)
    trivial, sign = Representation.trivial(mirror, 3), Representation.matrices(mirror, [np.eye(1), -np.eye(1)])
    with pytest.raises(SymmetryError, match="turns the action round"):
        Symmetry(mirror, trivial, sign)
    Symmetry(mirror, trivial, Representation.signed_permutation(mirror, [[0, 1], [1, 0]]))  # two motors do alike
    pairs = Group.generated("S5 x C2", ("a", "b", "swap"), [[*p, 5, 6] for p in S5] + [[*still, 6, 5]])
    exchanged = Representation.signed_permutation(pairs, [[0, 1], [0, 1], [1, 0]])
    Symmetry(pairs, Representation.signed_permutation(pairs, [*S5, still]), exchanged)
    Symmetry(group, Representation.signed_permutation(group, [[*p, 5] for p in (*S5, still)], group_signs()), seen)


def group_signs():
    return [[1] * 6, [1] * 6, [1] * 5 + [-1]]
