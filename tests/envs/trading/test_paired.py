"""Paired differences: by hand, by how often their intervals hold the truth, and narrower than unpaired ones."""

import numpy as np
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading.paired import paired


def accounts(seeds, days=400, gain=0.0, spread=0.0, seed=0):
    """A common market, and an account beside it that differs by noise, a gain, and one of its own in each seed."""
    rng = np.random.default_rng(seed)
    market = 0.01 * rng.standard_normal(days)
    own = spread * rng.standard_normal((seeds, 1)) + 0.001 * rng.standard_normal(days)
    return market + gain + own, market


def compared(ours, theirs, **kwargs):
    return paired(100 * ours, 100 * theirs, ours, theirs, **kwargs)


def test_numbers_by_hand():
    ours, theirs = np.array([0.02, -0.01, 0.03, 0.0]), np.array([0.01, 0.0, 0.01, 0.0])
    found = compared(ours, theirs)
    difference = ours - theirs
    assert found.difference == pytest.approx(252 * 100 * difference.mean())
    assert found.tracking_error == pytest.approx(np.std(difference, ddof=1) * np.sqrt(252))
    assert found.information_ratio == pytest.approx(difference.mean() * 252 / found.tracking_error)
    assert np.isnan([found.low, found.high]).all() and not found.better  # four days say nothing


def test_what_is_common_cancels():
    """The market's ups and downs widen the interval of an account, not that of its difference."""
    ours, theirs = accounts(1, gain=0.0005)
    found = compared(ours, theirs)
    alone = compared(ours, np.zeros_like(theirs))
    assert found.better
    assert alone.high - alone.low > 5 * (found.high - found.low)


@pytest.mark.parametrize("spread", [0.0, 0.0005])
def test_intervals_hold_the_truth_as_often_as_they_say(spread):
    """Over markets drawn anew; seeds that differ by themselves are drawn too."""
    gain, held = 0.0003, 0
    for seed in range(100):
        ours, theirs = accounts(10, days=250, gain=gain, spread=spread, seed=seed)
        found = compared(ours, theirs, resamples=200)
        held += found.low <= 252 * 100 * gain <= found.high
    assert 84 <= held <= 99


def test_days_are_paired():
    ours, theirs = accounts(1)
    with pytest.raises(
        InputError, match="the accounts have 400 and 399 daily rewards, expected those of the same days"
    ):
        compared(ours, theirs[1:])
    close, shuffled = compared(ours, theirs), compared(ours, np.random.default_rng(1).permutation(theirs))
    assert shuffled.high - shuffled.low > 5 * (close.high - close.low)  # control: the same numbers, other days
