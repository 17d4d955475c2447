"""Distances from draws against distances that are known."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from nearsym.envs.auditing.distance import _shown, held_out, wasserstein


@pytest.mark.parametrize("metric", ["euclidean", "chebyshev", "cityblock"])
def test_the_witness_of_a_half_reaches_its_distance(metric):
    """Duality: on the draws it was found on, a best 1-Lipschitz function shows the cost of the best assignment."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, two = rng.normal(size=(12, 3)), rng.normal(size=(12, 3)) + rng.uniform(0, 1, 3)
        assert _shown(one, two, one, two, metric) == pytest.approx(wasserstein(one, two, metric), abs=1e-12)
        # no function shows more than two points are apart
        x, y = rng.normal(size=(1, 3)), rng.normal(size=(1, 3))
        assert abs(_shown(one, two, x, y, metric)) <= cdist(x, y, metric)[0, 0] + 1e-12


@pytest.mark.parametrize("dim", [1, 4])
@pytest.mark.parametrize("shift", [0.0, 0.02, 0.1, 1.0])
def test_the_distance_of_shifted_normals_lies_between(dim, shift):
    """W₁ of two normals of one covariance is the distance of their means."""
    rng = np.random.default_rng(1)
    offset = shift * np.eye(dim)[0]
    pairs = [(rng.normal(0, 0.1, (32, dim)), rng.normal(0, 0.1, (32, dim)) + offset) for _ in range(400)]
    below = np.array([held_out(one, two, "euclidean") for one, two in pairs])
    above = np.array([wasserstein(one, two, "euclidean") for one, two in pairs])
    doubt = 4 * below.std(axis=0) / 20
    assert (below.mean(axis=0) <= shift + doubt).all() and above.mean() > shift - 4 * above.std() / 20
    if shift == 0:  # negative control: what is drawn twice from one law looks apart by more than chance
        assert (np.abs(below.mean(axis=0)) < doubt).all() and above.mean() > 0.02
    if shift == 1:
        assert (below.mean(axis=0) > 0.9).all()


def test_a_difference_of_spread_alone_is_seen_by_the_best_witness():
    rng = np.random.default_rng(2)
    found = np.array([held_out(rng.normal(size=(32, 1)), rng.normal(0, 3, (32, 1)), "euclidean") for _ in range(300)])
    z = found.mean(axis=0) / found.std(axis=0) * np.sqrt(300)
    assert z[0] > 20 and abs(z[1]) < 5


def test_draws_that_never_differ_are_no_distance_apart():
    assert (held_out(np.ones((8, 2)), np.ones((8, 2)), "chebyshev") == 0).all()
