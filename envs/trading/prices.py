"""Daily prices of several assets on common dates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nearsym.envs.errors import InputError

FloatArray = NDArray[np.float64]
DateArray = NDArray[np.datetime64]
BoolArray = NDArray[np.bool_]

YEAR = 252
"""Trading days in a year."""

FIELDS = ("close", "open", "high", "low", "volume")


@dataclass(frozen=True, eq=False)
class Prices:
    """Daily prices of N assets on T common dates, complete: no gaps, nothing filled in while an asset is listed.

    Attributes:
        dates: (T,) days, strictly increasing.
        tickers: (N,) names of the assets.
        close: (T, N) closing prices, adjusted for splits and dividends.
        open: (T, N) opening prices, adjusted likewise, or None.
        high: (T, N) highest prices of each day, or None.
        low: (T, N) lowest prices of each day, or None.
        volume: (T, N) shares traded, or None.
        index: (T,) level of a market index on the same dates, without dividends, or None.
        source: where they come from, in words.
        listed: (T, N) whether an asset is listed on a day, or None where all always are. Where it is not, its prices
            are its first ones before it is listed, and its last ones after that.
        features: (T, N) numbers of any kind by name, known at the close of their day.

    Raises:
        InputError: shapes differ, dates are not strictly increasing, or a price is not a positive finite number; says
            which ticker and which day.
    """

    dates: DateArray
    tickers: tuple[str, ...]
    close: FloatArray
    open: FloatArray | None = None
    high: FloatArray | None = None
    low: FloatArray | None = None
    volume: FloatArray | None = None
    index: FloatArray | None = None
    source: str = "prices given in memory"
    listed: BoolArray | None = None
    features: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dates", np.asarray(self.dates).astype("datetime64[D]"))
        object.__setattr__(self, "tickers", tuple(self.tickers))
        for name in (*FIELDS, "index"):
            value: ArrayLike | None = getattr(self, name)
            if value is not None:
                array = np.array(value, dtype=np.float64)
                array.setflags(write=False)
                object.__setattr__(self, name, array)
        features = {name: np.array(value, dtype=np.float64) for name, value in self.features.items()}
        object.__setattr__(self, "features", features)
        if self.listed is not None:
            listed = np.array(self.listed, dtype=bool)
            object.__setattr__(self, "listed", None if listed.all() and listed.size else listed)
        self._check()
        self._check_extras()

    def _check(self) -> None:
        days, assets = len(self.dates), len(self.tickers)
        if not days or not assets:
            raise InputError(f"{self.source}: no prices ({days} days of {assets} assets)")
        if len(set(self.tickers)) < assets:
            raise InputError(f"{self.source}: a ticker is given twice in {', '.join(self.tickers)}")
        for name in (*FIELDS, "index"):
            value, shape = getattr(self, name), (days,) if name == "index" else (days, assets)
            if value is not None and value.shape != shape:
                raise InputError(f"{self.source}: {name} has shape {value.shape}, expected {shape} (days, assets)")
        if np.isnat(self.dates).any():
            raise InputError(f"{self.source}: row {int(np.isnat(self.dates).argmax())} has no date")
        backwards = np.flatnonzero(np.diff(self.dates) <= np.timedelta64(0, "D"))
        if len(backwards):
            first, second = self.dates[backwards[0] : backwards[0] + 2]
            what = "twice" if first == second else f"followed by {second}"
            raise InputError(f"{self.source}: dates are out of order: {first} comes {what}; sort them, one row a day")
        for name in (*FIELDS, "index"):
            value = getattr(self, name)
            if value is None:
                continue
            table = value.reshape(days, -1)
            bad = ~(np.isfinite(table) & ((table >= 0) if name == "volume" else (table > 0)))
            if bad.any():
                day, asset = np.argwhere(bad)[0]
                ticker = "the index" if name == "index" else self.tickers[asset]
                raise InputError(
                    f"{self.source}: {name} of {ticker} on {self.dates[day]} is {table[day, asset]:g} (and "
                    f"{int(bad.sum()) - 1} more), expected a {'' if name == 'volume' else 'positive '}number; repair "
                    "the data, or leave out these days or this ticker"
                )

    def _check_extras(self) -> None:
        shape = self.close.shape
        if self.listed is not None and self.listed.shape != shape:
            raise InputError(f"{self.source}: listed has shape {self.listed.shape}, expected {shape} (days, assets)")
        for name, value in self.features.items():
            if value.shape != shape:
                raise InputError(f"{self.source}: {name} has shape {value.shape}, expected {shape} (days, assets)")
            bad = np.argwhere(~np.isfinite(value))
            if len(bad):
                day, asset = bad[0]
                raise InputError(
                    f"{self.source}: {name} of {self.tickers[asset]} on {self.dates[day]} is {value[day, asset]}, "
                    "expected a finite number"
                )

    @property
    def seen(self) -> FloatArray:
        """(T, N) closing prices, nan where an asset is not listed."""
        return self.close if self.listed is None else np.where(self.listed, self.close, np.nan)

    @property
    def log_returns(self) -> FloatArray:
        """(T - 1, N) log(close[t + 1] / close[t])."""
        return np.diff(np.log(self.close), axis=0)

    @property
    def checksum(self) -> str:
        """SHA-256 of everything but the words in `source`: the same for the same numbers, days and tickers."""
        digest = hashlib.sha256("\n".join((*map(str, self.dates), *self.tickers)).encode())
        for name in (*FIELDS, "index"):
            value = getattr(self, name)
            if value is not None:
                digest.update(name.encode() + np.ascontiguousarray(value, dtype="<f8").tobytes())
        extras = {**self.features, **({} if self.listed is None else {"listed": self.listed.astype(np.float64)})}
        for name, value in extras.items():
            digest.update(name.encode() + np.ascontiguousarray(value, dtype="<f8").tobytes())
        return digest.hexdigest()

    def of(self, tickers: tuple[str, ...]) -> Prices:
        """These assets alone, in this order.

        Raises:
            InputError: one of them is not there.
        """
        missing = [ticker for ticker in tickers if ticker not in self.tickers]
        if missing:
            raise InputError(f"{self.source} has no {', '.join(missing)}; it has {', '.join(self.tickers)}")
        columns = [self.tickers.index(ticker) for ticker in tickers]
        known = [name for name in FIELDS if getattr(self, name) is not None]
        cut: dict[str, Any] = {name: getattr(self, name)[:, columns] for name in known}
        if self.listed is not None:
            cut["listed"] = self.listed[:, columns]
        cut["features"] = {name: value[:, columns] for name, value in self.features.items()}
        return replace(self, tickers=tickers, **cut)

    def rows(self, start: int, stop: int) -> Prices:
        """The days start, …, stop - 1."""
        known = [name for name in ("dates", *FIELDS, "index", "listed") if getattr(self, name) is not None]
        cut: dict[str, Any] = {name: getattr(self, name)[start:stop] for name in known}
        cut["features"] = {name: value[start:stop] for name, value in self.features.items()}
        return replace(self, **cut)

    def __repr__(self) -> str:
        """Such as ``Prices(20 assets, 8313 days, 1990-01-02 to 2022-12-28, …)``."""
        return (
            f"Prices({len(self.tickers)} assets, {len(self.dates)} days, {self.dates[0]} to {self.dates[-1]}, "
            f"{self.source})"
        )
