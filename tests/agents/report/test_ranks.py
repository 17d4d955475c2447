"""Statistics of ranks against rliable, scipy and brute force."""

import numpy as np
import pytest
from rliable import library, metrics
from scipy import stats

from nearsym.agents.report.learning import SCORES
from nearsym.agents.report.ranks import improvement, interquartile_mean, median, share_above


@pytest.mark.parametrize("runs", [1, 2, 3, 4, 5, 8, 11])
def test_interquartile_mean_is_rliables(runs):
    scores = np.random.default_rng(runs).normal(size=(runs, 3))
    expected = [metrics.aggregate_iqm(column[:, None]) for column in scores.T]
    np.testing.assert_allclose(interquartile_mean(scores), expected)


def test_probability_of_improvement_is_rliables_with_ties():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, (5, 3)).astype(float), rng.integers(0, 4, (7, 3)).astype(float)
    found = improvement([x[:, task, None] for task in range(3)], [y[:, task, None] for task in range(3)], 0.95)
    assert found.value == pytest.approx([metrics.probability_of_improvement(x, y)])
    ties = improvement([np.array([[1.0], [3.0]])], [np.array([[2.0], [2.0]])], 0.95)
    assert ties.value == pytest.approx([0.5])


def test_the_interval_of_an_improvement_is_all_that_fits():
    """Newcombe's inequality, by hand at its ends; it has a width where one network wins every pair."""
    x, y = np.arange(5.0)[:, None], np.arange(5.0)[:, None] - 1.5
    found = improvement([x], [y], 0.95)
    for theta in (found.low[0], found.high[0]):
        shape = (1 - theta) / (2 - theta) + theta / (1 + theta)
        variance = theta * (1 - theta) * (1 + 4 * shape) / 25
        assert (found.value[0] - theta) ** 2 == pytest.approx(stats.norm.ppf(0.975) ** 2 * variance, rel=0.01)
    certain = improvement([x + 10], [y], 0.95)
    assert certain.value == certain.high == 1 and 0.6 < certain.low < 0.7
    twice = improvement([x + 10] * 2, [y] * 2, 0.95)
    assert twice.low > certain.low  # two tasks say more than one


def test_an_improvement_holds_no_difference_as_often_as_it_says():
    rng = np.random.default_rng(2)
    found = improvement([rng.normal(size=(1000, 10, 1))], [rng.normal(size=(1000, 10, 1))], 0.95)
    assert 0.92 <= ((found.low <= 0.5) & (found.high >= 0.5)).mean() <= 0.98
    unlike = improvement([rng.normal(size=(1000, 10, 1)) + 2], [rng.normal(size=(1000, 10, 1))], 0.95)
    assert ((unlike.low <= 0.5) & (unlike.high >= 0.5)).mean() < 0.1  # the control


def test_a_profile_is_rliables_between_wilsons_ends():
    scores = np.random.default_rng(0).uniform(size=(5, 4))
    found = share_above([scores[:, [task]] for task in range(4)], SCORES, 0.95)
    np.testing.assert_allclose(found.value, library.score_distributions(scores, SCORES))
    for i in (0, 10, 50):
        ends = stats.binomtest(round(20 * found.value[i]), 20).proportion_ci(0.95, method="wilson")
        np.testing.assert_allclose([found.low[i], found.high[i]], [ends.low, ends.high], atol=1e-12)


@pytest.mark.parametrize(
    ("runs", "places"), [(1, (0, 0)), (3, (0, 2)), (5, (0, 4)), (6, (0, 5)), (9, (1, 7)), (20, (5, 14))]
)
def test_a_median_lies_between_order_statistics_that_cover_it(runs, places):
    values = np.random.default_rng(runs).permutation(runs).astype(float)
    found = median(values, 0.95)
    assert found.value == np.median(values)
    assert (found.low[0], found.high[0]) == places
    covers = 1 - 2 * stats.binom.cdf(places[0], runs, 0.5)
    inside = 1 - 2 * stats.binom.cdf(places[0] + 1, runs, 0.5)
    assert places[0] == 0 or covers >= 0.95 > inside  # and no narrower pair does


def test_a_run_that_never_gets_there_is_a_number():
    found = median(np.array([3.0, np.inf, 1.0, np.inf, np.inf]), 0.95)
    assert (found.value, found.low, found.high) == (np.inf, 1, np.inf)
    assert median(np.array([3.0, 5.0, np.inf]), 0.95).value == 5
