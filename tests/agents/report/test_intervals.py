"""Intervals of means against scipy, by brute force, and by how often they hold the truth."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from nearsym.agents.report.coverage import MEASURED, coverage
from nearsym.agents.report.intervals import difference, holm, over_tasks, ratio

TABLE = Path(__file__).parents[3] / "docs" / "results" / "coverage.csv"


def numbers(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(("runs", "level"), [(2, 0.95), (5, 0.95), (9, 0.8)])
def test_one_networks_mean_has_students_interval(runs, level):
    scores = numbers(runs, runs, 4)
    found = over_tasks([scores]).intervals(level)
    expected = stats.t.interval(level, runs - 1, scores.mean(axis=0), stats.sem(scores, axis=0))
    np.testing.assert_allclose([found.low, found.high], expected)
    np.testing.assert_allclose(found.p_value, stats.ttest_1samp(scores, 0, axis=0).pvalue)


def test_a_difference_is_welchs():
    mine, theirs = 1 + numbers(0, 6, 3), 5 * numbers(1, 4, 3)
    found = difference([mine], [theirs]).intervals(0.95)
    expected = stats.ttest_ind(mine, theirs, axis=0, equal_var=False)
    np.testing.assert_allclose(found.p_value, expected.pvalue)
    ends = expected.confidence_interval(0.95)
    np.testing.assert_allclose([found.low, found.high], [ends.low, ends.high])


def test_a_mean_over_tasks_by_hand():
    """Two tasks, of which one is repeated exactly: half the spread of the other."""
    known, still = np.array([[1.0], [3.0], [5.0]]), np.array([[2.0], [2.0], [2.0], [2.0]])
    mean = over_tasks([known, still])
    assert mean.value == pytest.approx([2.5])
    assert mean.variance == pytest.approx([4 / 3 / 4]) and mean.freedom == pytest.approx([2])


def test_leading_axes_do_not_mix():
    mine, theirs = numbers(2, 20, 5, 3), numbers(3, 20, 4, 3)
    many = difference([mine], [theirs]).intervals(0.9)
    each = [difference([x], [y]).intervals(0.9) for x, y in zip(mine, theirs, strict=True)]
    np.testing.assert_allclose(many.low, [one.low for one in each])
    np.testing.assert_allclose(many.p_value, [one.p_value for one in each])


def test_equal_numbers_have_no_spread_whatever_rounding_makes_of_them():
    alike = difference([np.full((3, 1), 0.1)], [np.full((7, 1), 0.1)]).intervals(0.95)
    assert (alike.value, alike.low, alike.high, alike.p_value) == (0, 0, 0, 1)
    apart = difference([np.full((3, 1), 0.1)], [np.full((7, 1), 0.2)]).intervals(0.95)
    assert apart.p_value == 0 and apart.low == apart.high == apart.value


def test_one_run_has_no_interval():
    found = difference([numbers(0, 1, 2)], [numbers(1, 5, 2)]).intervals(0.95)
    assert np.isfinite(found.value).all() and np.isnan([found.low, found.high, found.p_value]).all()


@pytest.mark.parametrize("shift", [0.0, 1.0, 5.0])
def test_a_ratio_is_what_the_test_of_its_difference_accepts(shift):
    """Fieller's interval by brute force: all ratios r for which x − r y is not clearly different from 0."""
    mine, theirs = [5 + shift + numbers(4, 5, 1), 6 + numbers(5, 5, 1)], [5 + numbers(6, 4, 1), 7 + numbers(7, 6, 1)]
    found = ratio(mine, theirs, 0.95)
    apart = difference(mine, theirs)
    x, y = over_tasks(mine), over_tasks(theirs)
    ratios = np.linspace(0, 4, 400_001)
    reach = stats.t.ppf(0.975, apart.freedom) * np.sqrt(x.variance + ratios**2 * y.variance)
    accepted = ratios[np.abs(x.value - ratios * y.value) <= reach]
    np.testing.assert_allclose([found.low[0], found.high[0]], [accepted.min(), accepted.max()], atol=2e-5)
    ends = apart.intervals(0.95)
    assert (found.low > 1 or found.high < 1) == (ends.low > 0 or ends.high < 0) == (shift == 5)


def test_there_is_no_ratio_of_what_is_not_positive():
    below, above = -5 + numbers(0, 5, 1), 5 + numbers(1, 5, 1)
    for mine, theirs in ((below, above), (above, below), (below, below)):
        assert np.isnan(ratio([mine], [theirs], 0.95).value)
    unsure = ratio([above], [np.array([[-1.0], [0.5], [0.9], [1.0], [0.4]])], 0.95)
    assert unsure.value > 0 and np.isnan([unsure.low, unsure.high]).all()


def test_holms_correction_is_statsmodels():
    p = np.random.default_rng(0).uniform(size=30) ** 4
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1])
    assert holm([0.01, np.nan, 0.04]).tolist() == pytest.approx([0.03, 1, 0.08])


def test_intervals_of_five_seeds_hold_the_truth_as_often_as_they_say():
    """The negative control: percentile bootstrap intervals do not."""
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(2000, 5, 1))
    found = over_tasks([scores]).intervals(0.95)
    held = ((found.low <= 0) & (found.high >= 0)).mean()
    assert 0.935 <= held <= 0.965
    resampled = scores[:, rng.integers(0, 5, (200, 5)), 0].mean(axis=-1)
    low, high = np.quantile(resampled, [0.025, 0.975], axis=1)
    assert ((low <= 0) & (high >= 0)).mean() < 0.88


def test_what_a_report_says_of_coverage_is_in_the_table():
    with TABLE.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "t, mean"]
    for seeds, quoted in MEASURED.items():
        shares = {
            what: {
                row["distribution"]: float(row["share"])
                for row in rows
                if (row["what"], row["seeds"]) == (what, str(seeds))
            }
            for what in ("of a network", "of a difference", "of a difference, unlike")
        }
        one, alike, unlike = shares.values()
        assert quoted == (one["normal"], min(one.values()), min(alike.values()), min(unlike.values()))
    assert "with 5 seeds, 95% intervals held the mean of one network in 95%" in coverage(7, 0.95)
    assert coverage(2, 0.95) == coverage(5, 0.9) == ""
