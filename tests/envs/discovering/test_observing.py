"""The matrix that takes observations to observations, where it is known."""

import numpy as np
from scipy.stats import ortho_group

from nearsym.envs.discovering.observing import observed_matrix


def samples(dim, count=100):
    return np.random.default_rng(0).normal(size=(count, dim))


def test_a_signed_permutation_is_found_again():
    matrix = np.eye(4)[[2, 0, 3, 1]] * np.array([1.0, -1, -1, 1])[:, None]
    before = samples(4)
    found, residual = observed_matrix(before, before @ matrix.T)
    assert np.array_equal(found, matrix)
    assert residual == 0


def test_an_orthogonal_matrix_is_found_again():
    matrix = ortho_group.rvs(5, random_state=0)
    before = samples(5) * [1, 10, 0.1, 1, 1]
    found, residual = observed_matrix(before, before @ matrix.T)
    assert np.abs(found - matrix).max() < 1e-8
    assert residual < 1e-8


def test_what_no_orthogonal_matrix_does_has_a_residual():
    before = samples(3)
    after = before.copy()
    after[:, 0] = before[:, 0] ** 2
    assert observed_matrix(before, after)[1] > 0.3


def test_coordinates_that_are_always_equal_keep_their_order():
    """Two pairs of equal coordinates, of which the pairs are exchanged, and one that is always 0."""
    one, other = samples(2).T
    zero = np.zeros(len(one))
    found, residual = observed_matrix(
        np.stack([one, one, zero, other, other], axis=1), np.stack([other, other, zero, one, one], axis=1)
    )
    assert residual == 0
    assert np.array_equal(found, np.eye(5)[[3, 4, 2, 0, 1]])
    assert np.array_equal(found @ found, np.eye(5))
