"""Ids of the trading environments."""

from __future__ import annotations

from typing import Any

from nearsym.envs.errors import InputError, did_you_mean
from nearsym.envs.family import Env, Family, built

from .portfolio import Portfolio
from .shares import Shares
from .sources import SP500

SP500_START = "1995-01-01"
"""Before, some prices of this source stand still for months; other sources are taken from their first day."""

MARKETS = {"trading/portfolio": Portfolio, "trading/shares": Shares}


def _make(id: str, kwargs: dict[str, Any]) -> Env:
    if id not in MARKETS:
        raise InputError(f"no trading environment has the id {id!r}{did_you_mean(id, MARKETS)}")
    if kwargs.get("prices") is None and kwargs.get("source", SP500) == SP500:
        kwargs = {"start": SP500_START, **kwargs}
    return built(id, lambda: MARKETS[id](**kwargs))


TRADING = Family("trading/", _make, film=None, noise=(0.0, 0.01))
