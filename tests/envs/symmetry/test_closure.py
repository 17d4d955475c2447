"""From generators to groups: the elements, their order and their names."""

import itertools

import numpy as np
import pytest

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Group, Symmetry

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]


def rotation(degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]])


@pytest.mark.parametrize(
    ("generators", "order", "name"),
    [
        ([QUARTER], 4, "C4"),
        ([QUARTER, MIRROR], 8, "D4"),
        ([rotation(45)], 8, "C8"),
        ([rotation(120), MIRROR], 6, "D3"),
        ([MIRROR], 2, "C2"),
    ],
)
def test_closure_finds_the_group(generators, order, name):
    symmetry = Symmetry.generated(observation=generators, action=generators)
    assert symmetry.group.order == order
    assert symmetry.group.name == name
    matrix = symmetry.observation.rep.matrix
    for g, h in itertools.product(range(order), repeat=2):
        np.testing.assert_allclose(matrix[g] @ matrix[h], matrix[symmetry.group.table[g, h]], atol=1e-12)


@pytest.mark.parametrize("n", [3, 4, 5, 8])
@pytest.mark.parametrize("mirror_first", [False, True])
def test_standard_generators_name_elements_as_the_listed_group_does(n, mirror_first):
    generators = [rotation(360 / n), MIRROR]
    symmetry = Symmetry.generated(*[generators[::-1] if mirror_first else generators] * 2)
    listed = Group.dihedral(n)
    assert sorted(symmetry.group.names) == sorted(listed.names)
    powers = [np.linalg.matrix_power(generators[0], k) for k in range(n)]
    expected = dict(zip(listed.names, powers + [power @ MIRROR for power in powers], strict=True))
    for name, matrix in zip(symmetry.group.names, symmetry.observation.rep.matrix, strict=True):
        np.testing.assert_allclose(matrix, expected[name], atol=1e-12)
    turns = Symmetry.generated([rotation(360 / n)], [rotation(360 / n)])
    assert turns.group == Group.cyclic(n) and turns.group.names == Group.cyclic(n).names


def test_rows_stay_in_the_order_of_their_words():
    square = Symmetry.generated([QUARTER, MIRROR], [QUARTER, MIRROR])
    assert square.group.names == ("e", "r", "s", "r^2", "rs", "r^3s", "r^3", "r^2s")
    assert Symmetry.reflection([-1, 1], [-1]).group.names == ("e", "s")


@pytest.mark.parametrize(
    ("generators", "names"),
    [
        ([[-1, 1], [1, -1]], ("e", "a", "b", "ab")),  # either could be the turn of D2
        ([MIRROR, [1, 0]], ("e", "a", "b", "ab", "ba", "aba", "bab", "abab")),  # two mirrors of a square
        ([rotation(120), rotation(180)], ("e", "a", "b", "a^2", "ab", "a^2b")),  # C6
    ],
)
def test_other_generators_keep_their_letters(generators, names):
    assert Symmetry.generated(generators, generators).group.names == names


def test_thirty_generators_of_a_listed_group_close():
    turns = [rotation(12 * k) for k in range(1, 31)]
    symmetry = Symmetry.generated(turns, turns)
    assert symmetry.group.name == "C30" and len(set(symmetry.group.names)) == 30
    assert symmetry.group.names[:3] == ("e", "g1", "g2") and symmetry.group.names[28] == "g28"
    matrix = symmetry.observation.rep.matrix
    for g, h in itertools.product(range(30), repeat=2):
        np.testing.assert_allclose(matrix[g] @ matrix[h], matrix[symmetry.group.table[g, h]], atol=1e-12)


def test_every_swap_of_thirty_assets_has_a_name_of_its_own():
    swaps = np.tile(np.arange(30), (29, 1))
    for k, swap in enumerate(swaps):
        swap[[k, k + 1]] = k + 1, k
    group = Symmetry.generated(list(swaps), list(swaps)).group
    assert group.names == tuple(f"g{k}" for k in range(1, 30))
    few = Symmetry.generated(list(swaps[:26]), list(swaps[:26])).group
    assert few.names == tuple("abcdefghijklmnopqrstuvwxyz")


def test_two_elements_of_one_name_are_refused():
    with pytest.raises(SymmetryError, match=r"group C2: 'e' names two elements; give each a name of its own"):
        Group("C2", ("e", "e"), (1,), Group.cyclic(2).table)
