"""A part of a declared symmetry, against the group written out by hand."""

from itertools import combinations

import numpy as np
import pytest

from nearsym.envs.errors import SymmetryError
from nearsym.envs.symmetry import Group, Image, Parts, Representation, Symmetry, Window, generated_subgroup, restricted

QUARTER, MIRROR = np.array([[0, -1], [1, 0]]), np.array([[1, 0], [0, -1]])
SQUARE = Symmetry.generated([np.kron(np.eye(2), QUARTER), np.kron(np.eye(2), MIRROR)], [QUARTER, MIRROR])
ROOMS = Symmetry.generated([[1, 0, 2, 3, 4], [4, 0, 1, 2, 3]], [[1, 0, 2, 3, 4], [4, 0, 1, 2, 3]])


@pytest.mark.parametrize("elements", list(combinations(SQUARE.group.names[1:], 2)))
def test_every_part_of_a_square_is_its_elements_matrices(elements):
    part = restricted(SQUARE, elements)
    where = [SQUARE.group.names.index(name) for name in part.group.names]
    assert set(where) == generated_subgroup(SQUARE.group, [SQUARE.group.names.index(name) for name in elements])
    for mine, whole in ((part.observation.rep, SQUARE.observation.rep), (part.action, SQUARE.action)):
        np.testing.assert_array_equal(mine.matrix, whole.matrix[where])
    product = part.action.matrix[:, None] @ part.action.matrix[None]  # the table is that of the matrices
    np.testing.assert_array_equal(product, part.action.matrix[part.group.cayley_table])


def test_a_mirror_alone_is_a_reflection():
    part = restricted(SQUARE, ["s"])
    alone = Symmetry.reflection(observation=[1, -1, 1, -1], action=[1, -1])
    assert part.observation.rep == alone.observation.rep and part.action == alone.action
    assert part.action != restricted(SQUARE, ["r^2"]).action  # negative control
    assert restricted(SQUARE, ["r", "s"]).group.order == 8


def test_turns_that_are_no_permutations():
    angle = 2 * np.pi / 6
    turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    six = Symmetry.generated([turn], [turn])
    third = restricted(six, ["r^2"])
    assert third.group.order == 3
    np.testing.assert_allclose(third.action.matrix[1], np.linalg.matrix_power(np.array(turn), 2), atol=1e-12)


def test_images_windows_and_parts():
    image = restricted(Symmetry.image([QUARTER, MIRROR], [QUARTER, MIRROR], (3, 4, 4)), ["r"])
    assert isinstance(image.observation, Image) and image.observation.plane == image.action
    group, rep = SQUARE.group, SQUARE.action
    named = Parts({"past": Window(rep, 3), "now": Symmetry(group, rep, rep).observation})
    part = restricted(Symmetry(group, named, rep, state=rep), ["s"])
    assert isinstance(part.observation.named["past"], Window)
    np.testing.assert_array_equal(part.observation.rep.matrix, named.rep.matrix[[0, group.names.index("s")]])
    assert part.state == part.action


def test_of_rooms_the_first_may_be_left_out():
    """Products of generators that leave it where it is have two orbits: the first room, and the four others."""
    part = restricted(ROOMS, ["a b⁻¹", "b a", "b⁻¹ a b"])
    assert not part.group.listed
    index, _ = part.action.arrays
    moved = {int(i) for row in index for i in np.flatnonzero(row != np.arange(5))}
    assert len(moved) == 4
    np.testing.assert_array_equal(part.observation.rep.arrays[0], index)


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        (["q"], "D4 has no element 'q'; choose from e, r, s"),
        (["e"], "e of D4 moves nothing; use network=plain"),
    ],
)
def test_bad_elements_are_named(elements, said):
    with pytest.raises(SymmetryError, match=said):
        restricted(SQUARE, elements)


def test_an_unlisted_group_names_products():
    with pytest.raises(SymmetryError, match="has no element 'c'; choose from a, b, "):
        restricted(ROOMS, ["c"])


def test_of_no_elements_it_is_the_whole():
    assert restricted(SQUARE, ()) is SQUARE


def test_a_part_of_a_part():
    twice = restricted(restricted(SQUARE, ["r"]), ["r^2"])
    np.testing.assert_array_equal(twice.action.matrix[1], -np.eye(2))
    assert Representation.regular(twice.group).dim == 2 and isinstance(twice.group, Group)
