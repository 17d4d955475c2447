"""Ids of the trading environments."""

from __future__ import annotations

from typing import Any

from nearsym.envs.errors import InputError, did_you_mean
from nearsym.envs.family import Env, Family, built

from .portfolio import Portfolio
from .shares import Shares

MARKETS = {"trading/portfolio": Portfolio, "trading/shares": Shares}


def _make(id: str, kwargs: dict[str, Any]) -> Env:
    if id not in MARKETS:
        raise InputError(f"no trading environment has the id {id!r}{did_you_mean(id, MARKETS)}")
    return built(id, lambda: MARKETS[id](**kwargs))


TRADING = Family("trading/", _make, film=None, noise=(0.0, 0.01))
