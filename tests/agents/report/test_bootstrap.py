"""Intervals and statistics of many resamples, against rliable called directly."""

import numpy as np
import pytest
from rliable import library, metrics

from nearsym.agents.report.bootstrap import Bootstrap, improvement, interquartile_mean
from nearsym.agents.report.estimates import mean_over
from nearsym.agents.report.learning import SCORES, first_step, profile

QUICK = Bootstrap(resamples=50)


@pytest.mark.parametrize("runs", [1, 2, 3, 4, 5, 8, 11])
def test_interquartile_mean_is_rliables(runs):
    scores = np.random.default_rng(runs).normal(size=(runs, 3))
    expected = [metrics.aggregate_iqm(column[:, None]) for column in scores.T]
    np.testing.assert_allclose(interquartile_mean(scores), expected)


def test_probability_of_improvement_is_rliables_with_ties():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, (5, 3)).astype(float), rng.integers(0, 4, (7, 3)).astype(float)
    found = improvement([x[:, task, None] for task in range(3)], [y[:, task, None] for task in range(3)])
    assert found == pytest.approx([metrics.probability_of_improvement(x, y)])
    assert improvement([np.array([[1.0], [3.0]])], [np.array([[2.0], [2.0]])]) == pytest.approx([0.5])


def test_a_profile_is_rliables():
    scores = np.random.default_rng(0).uniform(size=(5, 4))
    np.testing.assert_allclose(
        profile(*(scores[:, [t]] for t in range(4))), library.score_distributions(scores, SCORES)
    )


def test_intervals_of_one_number_a_run_are_rliables_to_the_bit():
    scores = np.random.default_rng(1).normal(size=(6, 1))
    np.random.seed(7)
    _, expected = library.get_interval_estimates({"": [scores]}, lambda x: interquartile_mean(x), reps=60)
    found = Bootstrap(resamples=60, seed=7)(interquartile_mean, scores)
    np.testing.assert_array_equal([found.low, found.high], expected[""])


def test_intervals_of_two_networks_are_rliables_to_the_bit():
    """Strata of different size, resampled all at once here and one after the other there."""
    rng = np.random.default_rng(4)
    strata = [rng.normal(size=(6, 1)), rng.normal(size=(4, 1)) + 0.5]
    np.random.seed(7)
    _, expected = library.get_interval_estimates({"": strata}, lambda x, y: improvement([x], [y]), reps=60)
    found = Bootstrap(resamples=60, seed=7)(lambda x, y: improvement([x], [y]), *strata)
    np.testing.assert_array_equal([found.low, found.high], expected[""])


@pytest.mark.parametrize("statistic", [interquartile_mean, profile, lambda x: first_step(np.arange(5), x, 0.5)])
def test_statistics_of_many_resamples_are_those_of_each(statistic):
    """Resamples of (runs, K) stand on leading axes and do not mix."""
    width = 1 if statistic is profile else 5
    many = np.random.default_rng(5).uniform(size=(20, 7, width))
    each = np.array([statistic(one) for one in many])
    np.testing.assert_array_equal(statistic(many), each)
    assert len(np.unique(each, axis=0)) > 1


def test_intervals_at_each_step_agree_with_rliables_own_resampling():
    """rliable resamples every step by itself, ours whole runs: the same intervals at one step, up to resampling."""
    curves = np.random.default_rng(2).normal(size=(8, 1, 4))
    np.random.seed(0)
    _, expected = library.get_interval_estimates({"": curves}, lambda x: interquartile_mean(x[:, 0]), reps=2000)
    found = Bootstrap(resamples=2000)(interquartile_mean, curves[:, 0])
    np.testing.assert_allclose([found.low, found.high], expected[""], atol=0.12)


def test_an_area_has_the_interval_of_whole_runs():
    """Runs that differ by an offset: the area is as uncertain as a step is, not less because it has many steps."""
    curves = np.random.default_rng(3).normal(size=(10, 1)) + np.zeros(50)
    step = QUICK(interquartile_mean, curves)
    area = QUICK(lambda runs: interquartile_mean(mean_over(np.arange(50.0), runs)[..., None]), curves)
    assert area.high[0] - area.low[0] == pytest.approx(step.high[0] - step.low[0])


def test_the_bootstrap_leaves_numpys_generator_alone():
    np.random.seed(5)
    expected = np.random.normal()
    np.random.seed(5)
    QUICK(interquartile_mean, np.arange(5.0)[:, None])
    assert np.random.normal() == expected
