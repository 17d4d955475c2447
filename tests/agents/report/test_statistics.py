"""Statistics of comparisons against hand computations."""

import numpy as np
import pytest
from scipy import stats

from nearsym.agents.report.alignment import Condition, Scale, align
from nearsym.agents.report.contrasts import contrast, learning_contrast, pairs, steps_contrast
from nearsym.agents.report.estimates import Estimates, mean_over
from nearsym.agents.report.learning import (
    AREA,
    FINAL,
    IQM,
    RETURN,
    STEPS,
    first_steps,
    learning_curves,
    pooled_areas,
    pooled_curves,
    steps_to_threshold,
    threshold_score,
)
from nearsym.agents.report.records import Comparison, Record
from nearsym.agents.report.robustness import noise_curves, noise_levels, strength_curves, strength_falls
from nearsym.agents.report.settings import ReportSettings
from nearsym.agents.report.statistics import summarise
from nearsym.envs.errors import InputError

LEVEL = 0.95


def record(tmp_path, network, seed, returns, steps=None, task="my_file:Trolley", **more):
    returns = np.asarray(returns, float)
    steps = np.arange(len(returns)) * 1000 if steps is None else np.asarray(steps)
    return Record(
        tmp_path / f"{network}{seed}", task, more.pop("perturbation", {}), network, seed, steps, returns, **more
    )


def test_areas_leave_out_what_was_before_learning(tmp_path):
    """A network that is good by luck until its first update has not learned; stock runs do not say where that is."""
    lucky, steps = [9, 9, 0, 4, 8], [0, 500, 1000, 1500, 2000]
    known = [record(tmp_path, "exact", seed, lucky, steps, learning_starts=1000) for seed in range(4)]
    condition = align(known)
    assert Estimates(learning_curves(condition, LEVEL)).one(AREA).value == 6
    (areas,) = pooled_areas([condition], "exact")
    assert areas[:, 1] == pytest.approx(condition.scale.score(np.full(4, 6.0)))
    unknown = align([record(tmp_path, "exact", seed, lucky, steps) for seed in range(4)])
    assert Estimates(learning_curves(unknown, LEVEL)).one(AREA).value == (9 / 2 + 0 + 4 + 8 / 2) / 3
    between = align([record(tmp_path, "exact", 0, lucky, steps, learning_starts=900)])
    assert between.learning == slice(2, None)  # the evaluation at 500 is of the network that starts to learn
    late = align([record(tmp_path, "exact", 0, lucky, steps, learning_starts=1500)])
    assert late.learning == slice(0, None)


def test_mean_over_by_hand():
    assert mean_over(np.array([0.0, 1.0, 3.0]), np.array([[0.0, 2.0, 4.0]])) == pytest.approx([(1 + 6) / 3])


def test_runs_meet_on_common_steps_and_are_never_continued(tmp_path):
    long = record(tmp_path, "plain", 0, [0, 1, 2, 3], [0, 1000, 2000, 3000])
    short = record(tmp_path, "exact", 0, [0, 5, 6], [0, 1000, 2000])
    condition = align([long, short])
    assert condition.steps.tolist() == [0, 1000, 2000]
    assert condition.returns["plain"].tolist() == [[0, 1, 2]]
    assert condition.notes == [
        "my_file:Trolley: curves end at step 2,000, the last that all 2 runs have; 1 went on and are cut there"
    ]
    assert align([short]).notes == []


def test_runs_on_different_steps_are_interpolated_inside_the_common_range(tmp_path):
    fine = record(tmp_path, "plain", 0, [0, 10, 20, 30], [0, 10, 20, 30])
    coarse = record(tmp_path, "exact", 0, [1, 2, 3], [5, 15, 45])
    condition = align([fine, coarse])
    assert condition.steps.tolist() == [5, 15]
    assert condition.returns["plain"].tolist() == [[5, 15]]
    assert "interpolated linearly" in condition.notes[0]
    apart = record(tmp_path, "exact", 0, [1, 2], [50, 60])
    with pytest.raises(InputError, match="no step of training in common"):
        align([fine, apart])


def test_scales(tmp_path):
    def scale(task, *returns):
        return align([record(tmp_path, "plain", k, r, task=task) for k, r in enumerate(returns)]).scale

    assert (scale("dmc/x", [0, 500]).low, scale("dmc/x", [0, 500]).high) == (0, 1000)
    positive, negative = scale("X-v1", [10, 80], [10, 120]), scale("X-v1", [-100, -20], [-100, -40])
    assert (positive.low, positive.high) == (0, 100)
    assert (negative.low, negative.high) == (-100, -30)
    assert negative.score(np.array([-100.0, -30.0])).tolist() == [0, 1]
    worse = scale("X-v1", [-10, -20])
    assert worse.high == worse.low + 1 and "no network ended above it" in worse.reason


def test_learning_numbers_by_hand(tmp_path):
    condition = align([record(tmp_path, "plain", seed, [0, seed, 2 * seed], task="dmc/x") for seed in range(1, 6)])
    estimates = Estimates(learning_curves(condition, LEVEL))
    assert [estimate.value for estimate in estimates.select(RETURN)] == [0, 3, 6]
    assert estimates.one(FINAL).value == 6
    assert estimates.one(AREA).value == (3 + 6) / 2
    ends = stats.t.interval(LEVEL, 4, 6, stats.sem([2, 4, 6, 8, 10]))
    assert (estimates.one(FINAL).low, estimates.one(FINAL).high) == pytest.approx(ends)
    assert all(estimate.runs == 5 and np.isnan(estimate.p_value) for estimate in estimates)


def test_a_seed_that_failed_is_seen_beside_the_interquartile_mean(tmp_path):
    finals = [10.0, 800.0, 810.0, 790.0, 800.0]
    condition = align([record(tmp_path, "plain", k, [0, end], task="dmc/x") for k, end in enumerate(finals)])
    estimates = Estimates(learning_curves(condition, LEVEL))
    assert (estimates.one(FINAL).value, estimates.one(IQM).value) == pytest.approx((642, 2390 / 3))
    assert np.isnan(estimates.one(IQM).low)


def test_steps_to_threshold_by_hand(tmp_path):
    plain = [record(tmp_path, "plain", seed, [0, 100, 400, 1000], task="dmc/x") for seed in range(4)]
    fast = [record(tmp_path, "exact", seed, [0, 900, 1000, 1000], task="dmc/x") for seed in range(4)]
    never = [record(tmp_path, "rpp", seed, [0, 100, 200, 300], task="dmc/x") for seed in range(4)]
    condition = align([*plain, *fast, *never])
    threshold = threshold_score(condition, "plain", 0.8)
    assert threshold == pytest.approx(0.8)
    estimates = Estimates(steps_to_threshold(condition, threshold, LEVEL))
    assert [estimates.one(STEPS, network=n).value for n in ("plain", "exact", "rpp")] == [3000, 1000, np.inf]
    assert estimates.one(STEPS, network="rpp").low == np.inf
    assert first_steps(condition.steps, condition.scores("exact"), 0.95).tolist() == [2000] * 4

    def ratios(network, reference="plain"):
        return steps_contrast("x", [condition], {condition.label: threshold}, (network, reference), LEVEL)

    (faster,) = ratios("exact")
    assert (faster.value, faster.low, faster.high) == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert np.isnan(faster.p_value)
    # what was not observed has no ratio, neither to a network that gets there nor to another that does not
    assert ratios("rpp") == ratios("plain", "rpp") == ratios("rpp", "rpp") == []


def test_the_interval_of_a_ratio_of_steps(tmp_path):
    """One run of four never gets there: the ratio of medians has an interval without an end."""

    def runs(network, *firsts):
        curves = [[float(step >= first) for step in (0, 1, 2, 3, 4)] for first in firsts]
        return [record(tmp_path, network, k, curve, [0, 1, 2, 3, 4], task="t:T") for k, curve in enumerate(curves)]

    condition = align([*runs("plain", 4, 4, 4, 4), *runs("exact", 1, 2, 2, 4), *runs("rpp", 2, 2, 2, 9)])
    exact, rpp = (
        steps_contrast("x", [condition], {condition.label: 1.0}, (network, "plain"), LEVEL)[0]
        for network in ("exact", "rpp")
    )
    assert (exact.value, exact.low, exact.high) == pytest.approx((2 / 4, 1 / 4, 4 / 4))
    assert (rpp.value, rpp.low, rpp.high) == pytest.approx((2 / 4, 2 / 4, np.inf))


def test_a_threshold_met_before_learning_is_no_infinite_speed(tmp_path):
    """It counts with the first evaluation after learning has started, and the ratio stays finite."""
    steps, slow, lucky = [0, 500, 1000, 1500, 2000], [0, 0, 0, 0, 8], [9, 9, 9, 9, 9]
    records = [
        record(tmp_path, network, seed, returns, steps, learning_starts=600)
        for network, returns in (("plain", slow), ("exact", lucky))
        for seed in range(4)
    ]
    condition = align(records)
    (ratio,) = steps_contrast("x", [condition], {condition.label: 0.5}, ("exact", "plain"), LEVEL)
    assert ratio.value == pytest.approx(1000 / 2000)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.9, 0.1, 0.2, 0.9, 1.0], 300),  # good by luck before training
        ([0.9, 0.8, 0.9, 0.9, 0.9], 0),  # good from the start
        ([0.1, 0.9, 0.7, 0.9, 1.0], 100),  # a later dip is made up for
        ([0.1, 0.9, 0.9, 0.1, 0.1], np.inf),  # forgotten again
        ([0.1, 0.2, 0.3, 0.4, 0.8], 400),  # the last evaluation speaks for itself
    ],
)
def test_a_threshold_is_met_for_good(scores, expected):
    assert first_steps(np.arange(0, 500, 100), np.array([scores]), 0.8).tolist() == [expected]


def test_contrasts_by_hand():
    mine, theirs = np.array([[3.0], [4.0], [5.0], [6.0]]), np.array([[1.0], [2.0], [4.0], [9.0]])
    difference, ratio, chance = contrast(("m",), "x", ("a", "b"), [mine], [theirs], [scaled(0)], LEVEL)
    assert (difference.value, ratio.value) == pytest.approx((4.5 - 4, 4.5 / 4))
    assert chance.value == pytest.approx((2 + 2.5 + 3 + 3) / 16)
    assert (difference.network, difference.against, difference.runs) == ("a", "b", 4)
    negative = contrast(("m",), "x", ("a", "b"), [mine], [-theirs], [scaled(0)], LEVEL)[1]
    assert np.isnan(negative.value) and not negative.excludes(1)


def test_returns_without_a_zero_have_no_ratio():
    """-0.69 times a return of -200 says nothing: where 0 is not the bottom of the scale there are differences alone."""
    one = np.array([[3.0], [4.0], [5.0]])
    kinds = [
        [estimate.quantity for estimate in contrast(("m",), "x", ("a", "b"), [one], [one], conditions, LEVEL)]
        for conditions in ([scaled(0)], [scaled(-200)])
    ]
    assert kinds == [
        ["m, difference", "m, ratio", "m, probability of improvement"],
        ["m, difference", "m, probability of improvement"],
    ]
    mixed = contrast(("m",), "x", ("a", "b"), [one, one], [one, one], [scaled(0), scaled(-200)], LEVEL)
    assert "m, ratio" not in [estimate.quantity for estimate in mixed]


def scaled(low):
    """A condition, of which no more than its scale is looked at."""
    steps, runs = np.arange(2), {}
    return Condition("x", "x", {}, steps, runs, runs, Scale(low, low + 100, ""), [])


def test_every_two_networks_are_compared_once():
    assert pairs(["plain", "exact", "relaxed"], ["plain", "exact"]) == [
        ("exact", "plain"),
        ("relaxed", "plain"),
        ("relaxed", "exact"),
    ]


def test_groups_may_have_different_numbers_of_seeds(tmp_path):
    first = align([record(tmp_path, n, s, [0, 500 + s], task="dmc/a") for n in ("plain", "exact") for s in range(4)])
    second = align([record(tmp_path, n, s, [0, 700 + s], task="dmc/b") for n in ("plain", "exact") for s in range(6)])
    estimates = Estimates(pooled_curves("both", [first, second], ["plain"], LEVEL))
    means = np.mean([0.5 + s / 1000 for s in range(4)]), np.mean([0.7 + s / 1000 for s in range(6)])
    assert estimates.select("score")[-1].value == pytest.approx(np.mean(means))  # every task counts alike
    assert estimates.select("score")[-1].runs == 4
    assert learning_contrast("both", [first, second], ("exact", "plain"), LEVEL)[0].value == 0


def test_noise_and_strength(tmp_path):
    runs = [
        record(tmp_path, "plain", seed, [0, 800 - 300 * wind], perturbation={"wind": wind} if wind else {},
               noise={0.0: 800.0, 0.1: 400.0, seed + 1.0: 0.0}, task="dmc/x")
        for wind in (0, 0.5, 1) for seed in range(4)
    ]  # fmt: skip
    conditions = [
        align([run for run in runs if run.condition == label]) for label in dict.fromkeys(r.condition for r in runs)
    ]
    assert noise_levels(conditions[0]).tolist() == [0, 0.1]
    noise = Estimates(noise_curves(conditions[0], LEVEL))
    assert noise.one("mean return under noise").value == pytest.approx(600)
    learned = Estimates(estimate for condition in conditions for estimate in learning_curves(condition, LEVEL))
    against = strength_curves(conditions, learned)
    assert [(estimate.x, estimate.value) for estimate in against] == [(0, 800), (0.5, 650), (1, 500)]
    assert {estimate.quantity for estimate in against} == {"final return against wind"}
    assert strength_falls(conditions, LEVEL)[0].value == pytest.approx(0.3)


def test_a_summary_says_what_it_left_out(tmp_path):
    runs = [record(tmp_path, "ppo", seed, [0, 100], task="dmc/a") for seed in range(2)]
    runs += [record(tmp_path, "sac", seed, [0, 200], task="dmc/a") for seed in range(2)]
    runs += [
        record(tmp_path, "sac", seed, [0, 200], task="dmc/b", noise={0.0: 1.0, 0.1: seed} if seed else {})
        for seed in (0, 1)
    ]
    summary = summarise(Comparison("x", runs, []), ReportSettings("x"))
    assert summary.against == ["ppo"]
    notes = " | ".join(summary.notes)
    assert "none of plain, exact is here: all others are compared with ppo" in notes
    assert "ppo without runs on some of the unperturbed tasks: left out" in notes
    assert "dmc/b: 1 runs were not evaluated under noise" in notes
    assert "dmc/b: scores of 0 and 1 are returns of 0 and 1000, the range" in notes
    assert "no steps are counted" in notes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"level": 1.0}, "level is 1.0, expected a number between 0 and 1"),
        ({"threshold": 0.0}, "threshold is 0.0"),
        ({"against": []}, "against is []"),
    ],
)
def test_settings_out_of_range(words, message):
    with pytest.raises(InputError, match=message.replace("[", r"\[")):
        ReportSettings("x", **words)
