"""Checks that the settings of a market have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

from nearsym.envs.errors import InputError

Fractions = float | Sequence[float] | Mapping[str, float]
"""One number for all assets, or one for each: in their order, or by ticker."""


def check_whole(name: str, value: Any, least: int, unit: str = "") -> None:
    """Check that a setting is a whole number.

    Args:
        name: of the setting.
        value: what was given.
        least: the smallest number allowed.
        unit: what is counted, such as ``days``.

    Raises:
        InputError: it is a fraction, no number at all, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        counted = f" of {unit}" if unit else ""
        raise InputError(f"{name} is {value!r}, expected a whole number{counted} >= {least}")


def of_assets(name: str, given: Any, tickers: tuple[str, ...]) -> Any:
    """One number for all assets, or a tuple with one for each in the order of the tickers.

    Args:
        name: of what is given.
        given: `Fractions`.
        tickers: of the assets.

    Raises:
        InputError: there are too few or too many, or a ticker is missing or unknown.
    """
    if isinstance(given, Mapping):
        missing, unknown = [t for t in tickers if t not in given], [str(t) for t in given if t not in tickers]
        wrong = [*(f"{ticker} is missing" for ticker in missing), *(f"{ticker} is no asset" for ticker in unknown)]
        if wrong:
            raise InputError(f"{name} by ticker needs one number for each of {', '.join(tickers)}; {', '.join(wrong)}")
        return tuple(given[ticker] for ticker in tickers)
    if not isinstance(given, Sequence) or isinstance(given, str):
        return given  # a number, or nothing that makes sense, which its reader refuses
    if len(given) != len(tickers):
        raise InputError(f"{name} has {len(given)} numbers, expected one, or one for each of {len(tickers)} assets")
    return tuple(given)


def checked_sectors(
    sectors: Mapping[str, Sequence[str]] | None, tickers: tuple[str, ...]
) -> tuple[tuple[int, ...], ...] | None:
    """Assets of each sector, as numbers; None for none.

    Args:
        sectors: tickers by name.
        tickers: of the assets.

    Raises:
        InputError: a sector is no list, or a ticker is unknown or in two of them.
    """
    if sectors is None:
        return None
    if not isinstance(sectors, Mapping) or any(isinstance(each, str) for each in sectors.values()):
        raise InputError("sectors is no mapping of lists, expected such as sectors={oil: [XOM,CVX], drugs: [LLY,MRK]}")
    named = [ticker for members in sectors.values() for ticker in members]
    for ticker in named:
        if ticker not in tickers:
            raise InputError(f"sectors has {ticker}, and the assets are {', '.join(tickers)}")
        if named.count(ticker) > 1:
            raise InputError(f"sectors has {ticker} twice; an asset is in one sector, or in none")
    return tuple(tuple(tickers.index(ticker) for ticker in members) for members in sectors.values())


def check_names(key: str, names: object, example: str) -> None:
    """Check that something is a list of names, or None.

    Args:
        key: what it was given as.
        names: it.
        example: of such a list.

    Raises:
        InputError: it is not.
    """
    if names is None:
        return
    listed = isinstance(names, Iterable) and not isinstance(names, str)
    if not listed or not all(isinstance(name, str) for name in names):  # type: ignore[attr-defined]
        raise InputError(f"{key} is {names!r}, expected a list of names such as {key}={example}")
