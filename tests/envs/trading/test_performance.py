"""Measures against skfolio's, against plain loops, and against the deflated Sharpe ratio's own worked example."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from nearsym.envs.errors import InputError
from nearsym.envs.trading.backtest import Curve
from nearsym.envs.trading.performance import (
    STATISTICS,
    Performance,
    deflated_sharpe,
    expected_best,
    interval,
    intervals,
    performance,
    return_statistics,
)


def curve_of(returns, cash=1e6):
    value = cash * np.concatenate([[1.0], np.cumprod(1 + np.asarray(returns, dtype=float))])
    days = len(value)
    dates = np.datetime64("2020-01-01") + np.arange(days)
    return Curve(dates, value, np.zeros((days, 1)), np.zeros(days), np.zeros(days))


def noise(seed=0, days=500, mean=0.0006, deviation=0.012):
    return np.random.default_rng(seed).normal(mean, deviation, days)


def test_measures_agree_with_skfolio():
    """skfolio's ratios are of arithmetic means, and its Sortino ratio measures below a target: 0 is asked for here."""
    from skfolio import Portfolio, RatioMeasure, RiskMeasure, measures

    returns = noise()
    measured = performance(curve_of(returns))
    theirs = Portfolio(X=returns[:, None], weights=[1.0], compounded=True, min_acceptable_return=0.0)
    deviation = measures.semi_deviation(returns, min_acceptable_return=0.0, biased=True)
    assert measured.annual_volatility == pytest.approx(
        theirs.get_measure(RiskMeasure.ANNUALIZED_STANDARD_DEVIATION), rel=1e-9
    )
    assert measured.sharpe == pytest.approx(theirs.get_measure(RatioMeasure.ANNUALIZED_SHARPE_RATIO), rel=1e-9)
    assert measured.max_drawdown == pytest.approx(theirs.max_drawdown, rel=1e-9)
    assert measured.sortino == pytest.approx(returns.mean() / deviation * math.sqrt(252), rel=1e-9)
    # Theirs divides by T - 1 where ours divides by T.
    unbiased = theirs.get_measure(RatioMeasure.ANNUALIZED_SORTINO_RATIO)
    assert measured.sortino == pytest.approx(unbiased * math.sqrt(500 / 499), rel=1e-9)
    # Controls: the variants we do not mean are different numbers.
    plain = Portfolio(X=returns[:, None], weights=[1.0])
    assert measured.max_drawdown != pytest.approx(plain.max_drawdown, rel=1e-3)
    assert measured.sortino != pytest.approx(plain.get_measure(RatioMeasure.ANNUALIZED_SORTINO_RATIO), rel=1e-3)
    assert measured.calmar != pytest.approx(plain.calmar_ratio * 252, rel=1e-3)


def test_measures_agree_with_plain_loops():
    returns = noise(seed=3, days=300)
    peak = wealth = 1.0
    worst = 0.0
    for value in returns:
        wealth *= 1 + value
        peak = max(peak, wealth)
        worst = max(worst, (peak - wealth) / peak)
    growth = math.exp(math.log(wealth) * 252 / 300) - 1
    measured = performance(curve_of(returns))
    assert measured.max_drawdown == pytest.approx(worst)
    assert measured.annual_return == pytest.approx(growth)
    assert measured.calmar == pytest.approx(growth / worst)
    assert measured.days == 300
    assert measured.annual_return != pytest.approx(returns.mean() * 252, rel=1e-3)  # control: arithmetic


def test_a_year_by_hand():
    """A year of 252 days with two returns, 10 % up and then 20 % down, and three trades of 1 on a value of about 1."""
    returns = np.zeros(252)
    returns[[10, 20]] = 0.1, -0.2
    curve = curve_of(returns, cash=1.0)
    traded = np.zeros(253)
    traded[[1, 50, 100]] = 1.0
    measured = performance(dataclasses.replace(curve, traded=traded, paid=0.01 * traded))
    mean = (11 * 1.0 + 10 * 1.1 + 232 * 0.88) / 253
    assert measured == Performance(
        annual_return=pytest.approx(-0.12),
        annual_volatility=pytest.approx(math.sqrt(252 * (0.05 - 252 * (0.1 / 252) ** 2) / 251)),
        sharpe=pytest.approx(-0.1 / math.sqrt(252 * (0.05 - 252 * (0.1 / 252) ** 2) / 251)),
        sortino=pytest.approx(-0.1 / 0.2),
        calmar=pytest.approx(-0.12 / 0.2),
        max_drawdown=pytest.approx(0.2),
        turnover=pytest.approx(3 / mean),
        costs=pytest.approx(0.03),
        days=252,
    )


@pytest.mark.parametrize("days", [0, 1, 2])
def test_too_few_days_give_nan(days):
    measured = performance(curve_of(np.full(days, 0.01)))
    assert all(math.isnan(getattr(measured, name)) for name in STATISTICS)
    assert measured.days == days
    assert math.isnan(measured.turnover) == (days == 0)
    assert measured.costs == 0
    assert math.isnan(deflated_sharpe(np.array([0.01, -0.01, 0.02])[:days], 1))
    assert not math.isnan(deflated_sharpe(np.array([0.01, -0.01, 0.02]), 1))  # control: three days do


@pytest.mark.parametrize("gain", [0.0, 0.001])
def test_without_volatility_ratios_are_nan(gain):
    curve = curve_of(np.full(100, gain))
    measured = performance(curve)
    assert measured.annual_return == pytest.approx((1 + gain) ** 252 - 1)
    assert measured.annual_volatility == pytest.approx(0, abs=1e-12)
    assert measured.max_drawdown == 0
    assert math.isnan(measured.sharpe)
    assert math.isnan(measured.sortino)
    assert math.isnan(measured.calmar)
    assert math.isnan(deflated_sharpe(curve.returns, 1))
    bounds = intervals(curve, resamples=20)
    assert all(math.isnan(bound) for name in ("sharpe", "sortino", "calmar") for bound in bounds[name])
    assert bounds["annual_return"] == pytest.approx((measured.annual_return, measured.annual_return))
    assert not math.isnan(performance(curve_of(noise(days=100))).sharpe)  # control


def test_ruin_loses_everything():
    curve = curve_of(noise(days=50))
    curve.value[30:] = -5.0
    measured = performance(curve)
    assert measured.annual_return == -1
    assert measured.max_drawdown == 1
    assert np.isfinite(intervals(curve, resamples=50)["max_drawdown"]).all()


def covered(truth, gain=0.0, trials=60):
    """Share of simulated years whose interval of the Sharpe ratio holds the truth; `gain` is added a day behind it."""
    hits = 0
    for seed in range(trials):
        low, high = interval(curve_of(noise(seed, 252, 0.001 + gain, 0.01)), "sharpe", resamples=150, seed=seed)
        hits += low <= truth <= high
    return hits / trials


def test_intervals_cover_the_truth_as_often_as_they_say():
    truth = 0.001 / 0.01 * math.sqrt(252)
    assert 0.85 <= covered(truth) <= 1.0
    assert covered(truth, gain=0.002, trials=20) < 0.5  # control: returns from somewhere else


def test_blocks_widen_the_interval_of_dependent_returns():
    """Of a moving average of 20 days; shuffled, the same returns are independent."""
    shocks = noise(days=1019, mean=0.0)
    dependent = np.convolve(shocks, np.full(20, 1 / math.sqrt(20)), mode="valid")
    shuffled = np.random.default_rng(0).permutation(dependent)
    wide, narrow = (np.diff(interval(curve_of(r), "sharpe", resamples=200))[0] for r in (dependent, shuffled))
    assert wide > 2 * narrow


def test_intervals_come_from_the_same_resamples():
    curve = curve_of(noise())
    together = intervals(curve, resamples=100)
    assert list(together) == list(STATISTICS)
    assert all(interval(curve, name, resamples=100) == together[name] for name in STATISTICS)
    assert intervals(curve, resamples=100, seed=1) != together  # control
    for name, (low, high) in together.items():
        assert low < getattr(performance(curve), name) < high
    inner = interval(curve, "sharpe", level=0.5, resamples=100)
    assert together["sharpe"][0] < inner[0] < inner[1] < together["sharpe"][1]


def test_short_curves_have_no_intervals():
    assert all(math.isnan(bound) for pair in intervals(curve_of(noise(days=29))).values() for bound in pair)
    assert not math.isnan(interval(curve_of(noise(days=30)), "sharpe", resamples=20)[0])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": 1.0}, "level is 1.0, expected a number between 0 and 1, such as 0.95"),
        ({"resamples": 0}, "resamples is 0, expected at least 1; 1000 is usual"),
    ],
)
def test_impossible_intervals_are_refused(settings, message):
    with pytest.raises(InputError) as refusal:
        intervals(curve_of(noise()), **settings)
    assert str(refusal.value) == message


def test_intervals_of_unknown_statistics_are_refused():
    with pytest.raises(InputError) as refusal:
        interval(curve_of(noise()), "turnover")
    assert str(refusal.value) == f"there is no interval for 'turnover', expected one of {', '.join(STATISTICS)}"


def paper_returns():
    """1250 days with skewness -3, kurtosis 10 and an annual Sharpe ratio of 2.5 at 250 days a year.

    Kurtosis is never less than skewness² + 1 and equals it for two values only: there is one such distribution, with
    the higher value on p of the days, (2p - 1)/√(p (1 - p)) = 3. Of 1250 days that is 1145.03.
    """
    returns = np.ones(1250)
    returns[:105] = 0.0
    sharpe = 2.5 / math.sqrt(250)
    return returns - returns.mean() + sharpe * returns.std(ddof=1)


def test_the_worked_example_of_the_paper():
    """Bailey & López de Prado (2014): 100 trials whose annual Sharpe ratios have variance 1/2 give 0.9004."""
    returns = paper_returns()
    assert stats.skew(returns) == pytest.approx(-3, abs=1e-3)
    assert stats.kurtosis(returns, fisher=False) == pytest.approx(10, abs=1e-2)
    assert expected_best(100, 0.5 / 250) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(returns, 100, 0.5 / 250) == pytest.approx(0.9004, abs=5e-4)
    assert deflated_sharpe(returns, 46, 0.5 / 250) == pytest.approx(0.9505, abs=5e-4)
    # Control: the paper's 88 trials of the same Sharpe ratio, would the returns be normal.
    normal = stats.norm.ppf((np.arange(1250) + 0.5) / 1250)
    normal = normal + 2.5 / math.sqrt(250) * normal.std(ddof=1)
    assert deflated_sharpe(normal, 88, 0.5 / 250) == pytest.approx(0.9505, abs=5e-4)
    assert deflated_sharpe(returns, 88, 0.5 / 250) < 0.92


def test_deflated_sharpe_agrees_with_skfolio():
    from skfolio.measures import deflated_sharpe_ratio, probabilistic_sharpe_ratio

    returns = np.random.default_rng(5).standard_t(4, 400) * 0.01 + 0.0008
    assert deflated_sharpe(returns, 1) == pytest.approx(probabilistic_sharpe_ratio(returns), abs=1e-9)
    trials = np.random.default_rng(6).normal(0, 0.05, 20)
    theirs = deflated_sharpe_ratio(returns, trials)
    assert deflated_sharpe(returns, 20, float(trials.var(ddof=1))) == pytest.approx(theirs, abs=1e-9)
    assert deflated_sharpe(returns, 20, 4 * float(trials.var(ddof=1))) != pytest.approx(theirs, abs=1e-2)  # control


def test_more_trials_deflate_more():
    returns = noise(days=1000, mean=0.0015)
    probabilities = [deflated_sharpe(returns, trials) for trials in (1, 2, 10, 100)]
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[0] > 0.95
    assert deflated_sharpe(returns, 10) == deflated_sharpe(returns, 10, 1 / 999)


def test_the_best_of_skill_less_trials_is_as_good_as_expected():
    """The mean of the best of 30 Sharpe ratios over 250 days, by simulation."""
    returns = np.random.default_rng(0).normal(0, 0.01, (400, 30, 250))
    best = (returns.mean(axis=-1) / returns.std(axis=-1, ddof=1)).max(axis=-1)
    assert expected_best(30, 1 / 249) == pytest.approx(best.mean(), rel=0.05)
    assert expected_best(300, 1 / 249) != pytest.approx(best.mean(), rel=0.05)  # control
    assert expected_best(1, 1 / 249) == 0


@pytest.mark.parametrize(
    ("trials", "variance", "message"),
    [
        (0, None, "trials is 0, expected at least 1: the one that is judged counts"),
        (5, -0.1, "the variance of the Sharpe ratios is -0.1, expected 0 or a positive number"),
        (5, math.nan, "the variance of the Sharpe ratios is nan, expected 0 or a positive number"),
    ],
)
def test_impossible_trials_are_refused(trials, variance, message):
    with pytest.raises(InputError) as refusal:
        deflated_sharpe(noise(), trials, variance)
    assert str(refusal.value) == message


def test_statistics_come_in_the_order_of_their_names():
    returns = noise()
    measured = performance(curve_of(returns))
    np.testing.assert_allclose(return_statistics(returns), [getattr(measured, name) for name in STATISTICS], rtol=1e-9)
