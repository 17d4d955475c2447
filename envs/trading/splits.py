"""Dividing a history into training, validation and test periods that follow each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nearsym.envs.errors import InputError

from .checks import check_whole
from .prices import DateArray

SPLITS = ("train", "validation", "test")
"""Names of the periods, in order of time."""


@dataclass(frozen=True)
class Split:
    """Rows of a price table, by period.

    Attributes:
        train: (start, stop) rows, stop excluded.
        validation: the rows after those.
        test: the rows after those.
    """

    train: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]


@dataclass(frozen=True)
class SplitSettings:
    """How a history is divided.

    Test periods of different folds do not overlap: fold 0 is tested on the last `test_years`, fold 1 on the years
    before those, and so on; each is validated on the years before its test, and trained on those before that.

    Attributes:
        fold: which rolling window, counted back from the latest.
        train_years: length of the training period; None takes all there is.
        validation_years: length of the validation period.
        test_years: length of the test period.

    Raises:
        InputError: a value is out of range.
    """

    fold: int = 0
    train_years: int | None = None
    validation_years: int = 2
    test_years: int = 4

    def __post_init__(self) -> None:
        check_whole("fold", self.fold, 0)
        for name in ("train_years", "validation_years", "test_years"):
            if name != "train_years" or self.train_years is not None:
                check_whole(name, getattr(self, name), 1, "years")

    def split(self, dates: DateArray, window: int) -> Split:
        """Rows of each period.

        Args:
            dates: (T,) days.
            window: days of history that must lie before the first training day.

        Raises:
            InputError: the history is too short.
        """
        last = dates[-1] + np.timedelta64(1, "D")
        test_stop = _years_before(last, self.fold * self.test_years)
        test = _years_before(test_stop, self.test_years)
        validation = _years_before(test, self.validation_years)
        train = dates[0] if self.train_years is None else _years_before(validation, self.train_years)
        bounds = np.searchsorted(dates, np.array([train, validation, test, test_stop], dtype="datetime64[D]"))
        first, *others = (int(row) for row in bounds)
        first = max(first, window)
        rows = [first, *others]
        if first + window >= rows[1] or train < dates[0]:
            raise InputError(
                f"fold {self.fold} trains from {train} to {validation}, validates to {test} and tests to {test_stop}, "
                f"with {window} days before the first; the data are {len(dates)} days from {dates[0]} to {dates[-1]}; "
                "use fewer years, a smaller fold or window, or a longer history"
            )
        return Split((rows[0], rows[1]), (rows[1], rows[2]), (rows[2], rows[3]))


def _years_before(date: np.datetime64, years: int) -> np.datetime64:
    """The same day of an earlier year (1 March for 29 February)."""
    month = date.astype("datetime64[M]")
    return (month - np.timedelta64(12 * years, "M")).astype("datetime64[D]") + (date - month.astype("datetime64[D]"))
