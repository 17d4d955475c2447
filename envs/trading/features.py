"""What is observed of each asset besides its prices and its weight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nearsym.envs.errors import InputError

from .prices import FloatArray, Prices

RANGE = ("open", "high", "low")


class FeatureScale:
    """Features in units of their standard deviation over the days of training, which is the same for all assets.

    A column of one's own as it is, ``volume`` as log(1 + v), ``open``, ``high`` and ``low`` as the logarithm of their
    ratio to the close: less the mean, over the standard deviation, of all assets together. 0 where an asset is not
    listed; where some are not, whether each one is comes last, as 1 or 0.

    Args:
        prices: that have them.
        names: of the features.
        train: (start, stop) rows of training.

    Raises:
        InputError: the prices have no such feature, or it never changes.
    """

    def __init__(self, prices: Prices, names: Sequence[str], train: tuple[int, int]) -> None:
        self.names, self._listings = tuple(names), prices.listed is not None
        listed = np.ones(prices.close.shape, bool) if prices.listed is None else prices.listed
        self._units: list[tuple[float, float]] = []
        for name in self.names:
            column = _column(prices, name)[slice(*train)][listed[slice(*train)]]
            if not column.std() > 0:
                raise InputError(f"feature {name} is the same on all days of training; leave it out")
            self._units.append((float(column.mean()), float(column.std())))

    def of(self, prices: Prices) -> FloatArray:
        """(T, F, N) the features of these prices, in the units of training."""
        columns = [
            (_column(prices, name) - mean) / spread
            for name, (mean, spread) in zip(self.names, self._units, strict=True)
        ]
        listed = np.ones(prices.close.shape) if prices.listed is None else prices.listed.astype(np.float64)
        rows = [column * listed for column in columns] + ([listed] if self._listings else [])
        return np.stack(rows, axis=1) if rows else np.zeros((len(prices.dates), 0, len(prices.tickers)))


def _column(prices: Prices, name: str) -> FloatArray:
    """(T, N)."""
    if name in prices.features:
        return prices.features[name]
    field = getattr(prices, name) if name in (*RANGE, "volume") else None
    if field is None:
        known = [*prices.features, *(each for each in (*RANGE, "volume") if getattr(prices, each) is not None)]
        raise InputError(f"{prices.source} has no feature {name!r}; it has {', '.join(known) or 'closes alone'}")
    found: FloatArray = np.log1p(field) if name == "volume" else np.log(field / prices.close)
    return found
