"""What a policy earns at one level of noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NoiseLevel:
    """Returns at one noise level.

    Attributes:
        noise: its level, in the units of the noise.
        returns: undiscounted return of each episode, or what else an environment's own evaluation measures.
    """

    noise: float
    returns: list[float]

    @property
    def mean(self) -> float:
        """Mean return."""
        return float(np.mean(self.returns))

    @property
    def std(self) -> float:
        """Standard deviation over episodes (population)."""
        return float(np.std(self.returns))

    @property
    def iqm(self) -> float:
        """Interquartile mean: the mean of the middle half."""
        from scipy.stats import trim_mean  # only now: it takes long to load

        return float(trim_mean(self.returns, 0.25))
