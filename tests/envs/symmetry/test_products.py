"""Products of generators, against permutations multiplied one after another."""

import numpy as np
import pytest

from nearsym.envs.symmetry import Symmetry, with_products

N = 7
SWAP, ROUND = [1, 0, *range(2, N)], [*range(1, N), 0]


def signed(permutation, signs):
    """As a dense matrix."""
    return np.eye(N)[permutation] * np.asarray(signs, float)[:, None]


@pytest.fixture
def large():
    """Signed permutations of seven coordinates, 645,120 elements; actions without the signs; a state of both."""
    first, second = signed(SWAP, [-1, *[1] * (N - 1)]), signed(ROUND, [1] * N)
    states = [np.kron(np.eye(2), one) for one in (first, second)]
    return Symmetry.generated(observation=[first, second], action=[np.abs(first), second], state=states)


def test_each_is_the_product_that_its_name_says(large):
    assert not large.group.listed
    more = with_products(large, 40)
    names = more.group.names
    assert len(names) == 40 == len(set(names)) and names[:2] == large.group.names
    for part in ("observation", "action", "state"):
        before, after = (getattr(one, part) for one in (large, more))
        before, after = (one.rep if part == "observation" else one for one in (before, after))
        letters = dict(zip(large.group.names, before.matrix, strict=True))
        letters |= {f"{name}⁻¹": matrix.T for name, matrix in letters.items()}
        for name, matrix in zip(names, after.matrix, strict=True):
            product = np.eye(before.dim)
            for letter in name.split():
                product = product @ letters[letter]
            np.testing.assert_array_equal(matrix, product, err_msg=name)
    distinct = {one.tobytes() for one in more.observation.rep.matrix}
    assert len(distinct) == 40 and np.eye(N).tobytes() not in distinct
    lengths = [len(name.split()) for name in names[2:]]
    assert lengths == sorted(lengths)


def test_there_are_elements_among_them_that_leave_the_first_where_it_is(large):
    index, _ = with_products(large, 30).action.arrays
    stays = index[:, 0] == 0
    assert 3 <= stays.sum() < 15
    assert not (large.action.arrays[0][:, 0] == 0).any()  # negative control: no generator does


def test_a_listed_group_has_all_its_elements_already():
    square = Symmetry.generated(observation=[[[0, -1], [1, 0]]], action=[[[0, -1], [1, 0]]])
    assert with_products(square, 30) is square
