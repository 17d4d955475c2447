"""Wrappers that disturb an environment by a strength; strength 0 is the identity."""

from .noise import ObservationNoise

__all__ = ["ObservationNoise"]
