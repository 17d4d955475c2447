"""Standard errors of means over samples that come in episodes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def standard_error(values: FloatArray, episodes: NDArray[np.intp]) -> FloatArray:
    """(quantities,) standard errors of the means of (samples, quantities) values, which are alike within an episode.

    The cluster-robust estimate; of a single episode the one for independent samples. NaNs are left out.
    """
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - np.where(known, values, 0).sum(axis=0) / count, 0.0)
    numbers = np.unique(episodes)
    if len(numbers) == 1:
        independent: FloatArray = np.sqrt((centred**2).sum(axis=0)) / count
        return independent
    sums = np.array([centred[episodes == number].sum(axis=0) for number in numbers])
    clustered: FloatArray = np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum(axis=0)) / count
    return clustered
