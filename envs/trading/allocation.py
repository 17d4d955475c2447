"""From actions to target weights, without breaking the symmetries of the market."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from .prices import BoolArray, FloatArray

SHARPNESS = 5.0
"""Largest logit of a long-only action: one asset can take all but a thousandth of twenty others."""


class Allocation(ABC):
    """How an action in [-1, 1]^actions becomes (N,) target weights."""

    assets: int

    @property
    @abstractmethod
    def actions(self) -> int:
        """Length of the action."""

    @abstractmethod
    def weights(self, action: FloatArray, listed: BoolArray | None = None) -> FloatArray:
        """(N,) target weights; what is missing to 1 is cash. Of (N,) assets, those not listed get none."""


@dataclass(frozen=True)
class LongOnly(Allocation):
    """Weights on the simplex of assets and cash.

        w = softmax(5 a),   a = (a_1, …, a_N, a_cash)

    The middle of the box, a = 0, is equal weight. Permuting the assets' actions permutes their weights.
    """

    assets: int

    @property
    def actions(self) -> int:
        """One for each asset, and one for cash."""
        return self.assets + 1

    def weights(self, action: FloatArray, listed: BoolArray | None = None) -> FloatArray:
        """(N,) non-negative weights; the softmax is over what is listed, and cash."""
        allowed = np.ones(self.actions, dtype=bool) if listed is None else np.append(listed, True)
        scores = np.where(allowed, np.exp(SHARPNESS * (action - action[allowed].max())), 0.0)
        weights: FloatArray = scores[:-1] / scores.sum()
        return weights


@dataclass(frozen=True)
class LongShort(Allocation):
    """Positive and negative weights with a capped gross exposure.

        w = leverage · a / max(1, Σ|a|)

    The middle of the box is all cash; Σ|w| never exceeds the leverage. Permutes with the assets and changes its
    sign with the action.
    """

    assets: int
    leverage: float = 1.0

    @property
    def actions(self) -> int:
        """One for each asset."""
        return self.assets

    def weights(self, action: FloatArray, listed: BoolArray | None = None) -> FloatArray:
        """(N,) weights with Σ|w| <= leverage."""
        if listed is not None:
            action = np.where(listed, action, 0.0)
        return self.leverage * action / max(1.0, float(np.abs(action).sum()))
