import numpy as np
import pytest

from nearsym.envs.errors import InputError
from nearsym.envs.trading.splits import SplitSettings

DATES = np.arange(np.datetime64("2000-01-01"), np.datetime64("2021-01-01"))


def days(rows: tuple[int, int]) -> tuple[str, str]:
    return str(DATES[rows[0]]), str(DATES[rows[1] - 1])


def test_periods_follow_each_other() -> None:
    split = SplitSettings(0, None, 2, 4).split(DATES, window=30)
    assert days(split.train) == ("2000-01-31", "2014-12-31")
    assert days(split.validation) == ("2015-01-01", "2016-12-31")
    assert days(split.test) == ("2017-01-01", "2020-12-31")


def test_folds_roll_back_without_sharing_test_days() -> None:
    splits = [SplitSettings(fold, 5, 1, 3).split(DATES, window=30) for fold in range(4)]
    tested = [set(range(*split.test)) for split in splits]
    assert not any(a & b for i, a in enumerate(tested) for b in tested[:i])
    assert set.union(*tested) == set(range(splits[3].test[0], len(DATES)))
    assert days(splits[1].train) == ("2009-01-01", "2013-12-31")
    for split in splits:
        assert split.train[1] == split.validation[0] and split.validation[1] == split.test[0]


def test_too_short_a_history_is_refused() -> None:
    with pytest.raises(InputError, match=r"fold 5 trains from .* the data are 7671 days from 2000-01-01"):
        SplitSettings(5, None, 2, 4).split(DATES, window=30)
    with pytest.raises(InputError, match="with 7000 days before the first"):
        SplitSettings(0, None, 2, 4).split(DATES, window=7000)
    with pytest.raises(InputError, match="use fewer years"):
        SplitSettings(0, 20, 2, 4).split(DATES, window=30)
    with pytest.raises(InputError, match="test_years is 0"):
        SplitSettings(test_years=0)
    with pytest.raises(InputError, match="fold is -1"):
        SplitSettings(fold=-1)


def test_leap_days_have_an_earlier_year() -> None:
    leap = DATES[DATES <= np.datetime64("2020-02-28")]
    split = SplitSettings(0, None, 1, 1).split(leap, window=30)
    assert str(leap[split.test[0]]) == "2019-03-01"
