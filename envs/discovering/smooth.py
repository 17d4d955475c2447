"""A smooth model of transitions: ridge regression on random Fourier features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FEATURES = 600
"""Waves, beside the inputs themselves and a constant."""

WIDTHS = (2.0, 4.0, 8.0)
"""Widths of the Gaussian kernel that are tried, in standard deviations of the inputs."""

RIDGES = (1e-6, 1e-4, 1e-2)
"""Penalties that are tried, of a sample."""

HELD = 5
"""One episode in so many is held out."""


class Smooth:
    """y ≈ W (1, x, cos(Ωx + b)) for normal Ω, which is kernel ridge regression with a Gaussian kernel in the limit.

    Rahimi and Recht, "Random features for large-scale kernel machines" (2007). Width and penalty are those that predict
    the held-out episodes best; then everything is fitted once more on the others.

    Args:
        inputs: (samples, inputs).
        targets: (samples, targets), each of about unit size.
        held: (samples,) which are held out.
    """

    def __init__(self, inputs: FloatArray, targets: FloatArray, held: NDArray[np.bool_]) -> None:
        self._middle, self._spread = inputs.mean(axis=0), np.maximum(inputs.std(axis=0), 1e-9)
        draw = np.random.default_rng(0)
        waves = draw.normal(size=(inputs.shape[1], FEATURES))
        self._phases = draw.uniform(0, 2 * np.pi, FEATURES)
        best = np.inf
        for width in WIDTHS:
            self._waves = waves / width
            design = self._features(inputs)
            gram, moment = design[~held].T @ design[~held], design[~held].T @ targets[~held]
            for ridge in RIDGES:
                penalty = ridge * (~held).sum() * np.eye(len(gram))
                penalty[0, 0] = 1e-9
                weights = np.linalg.solve(gram + penalty, moment)
                error = float(np.mean((design[held] @ weights - targets[held]) ** 2))
                if error < best:
                    best, chosen = error, (self._waves, weights)
        self._waves, self._weights = chosen

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """(samples, targets) predictions."""
        predicted: FloatArray = self._features(inputs) @ self._weights
        return predicted

    def _features(self, inputs: FloatArray) -> FloatArray:
        scaled = (inputs - self._middle) / self._spread
        ones = np.ones((len(scaled), 1))
        return np.concatenate([ones, scaled, np.cos(scaled @ self._waves + self._phases)], axis=1)
