"""From errors of single samples to what is said of a group element."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .coordinates import Coordinate
from .measurement import Errors
from .report import ElementReport, Interval, Intervals, Means, Spread
from .standard_error import standard_error
from .transitions import FloatArray

NEARLY = 0.1
"""A symmetry is approximate while its mean errors are below this fraction of what they are held against."""

SIGMAS = 4.0
"""Errors of a noisy comparison count as more than its resolution beyond this many standard errors."""

CONFIDENT, BEST_OF_TWO = 1.96, 2.24
"""Standard errors to the ends of an interval of 95%, and to a lower end for the better of two witnesses."""

JUDGED = ("observation", "reward", "transition", "termination")
"""What verdicts go by, in the order of `shares`."""


@dataclass(frozen=True)
class Standard:
    """What errors are held against.

    Attributes:
        reward: scale of rewards.
        deterministic: whether single errors mean something.
        bracketed: whether true errors lie between errors minus floors and errors, in the mean.
        episodes: (samples,) samples of one number may be alike.
        uncertainty: standard errors of the floors that all samples share.
    """

    reward: float
    deterministic: bool
    bracketed: bool
    episodes: NDArray[np.intp]
    uncertainty: Errors


def shares(errors: Errors, reward: float) -> FloatArray:
    """(…, 4) errors relative to what they are held against: each coordinate's own scale, and 1 for probabilities."""
    return np.stack(
        [errors.observation_share, errors.reward / reward, errors.transition_share, errors.termination], axis=-1
    )


def element_report(
    element: str,
    errors: Errors,
    floors: Errors,
    standard: Standard,
    exact: bool | None,
    coordinates: tuple[Coordinate, ...],
) -> ElementReport:
    """Sum up one element.

    Args:
        element: its name.
        errors: (samples,) arrays; NaN where an image was out of reach, and of what is not known.
        floors: (samples,) what chance or the method adds to them.
        standard: what they are held against.
        exact: whether every error is rounding; None where chance is in them.
        coordinates: those that are off.
    """
    reached = ~np.isnan(errors.reward)
    errors, floors, episodes = errors[reached], floors[reached], standard.episodes[reached]
    seen = errors.observation[~np.isnan(errors.observation)]
    share, shared, verdict = judge(errors, floors, standard, episodes, exact)
    intervals = None
    if not standard.deterministic:
        excess = errors.table - floors.table
        spread = np.hypot(standard_error(excess, episodes), standard.uncertainty.table)
        mean, low, high = (_mean(excess) + sign * CONFIDENT * spread for sign in (0, -1, 1))
        if standard.bracketed:
            low = mean - BEST_OF_TWO * spread
            high = np.fmax(mean, _mean(errors.table) + CONFIDENT * standard_error(errors.table, episodes))
        ends = zip(mean, low, high, strict=True)
        observation, reward, transition, *_ = (Interval(*(max(float(end), 0.0) for end in each)) for each in ends)
        intervals = Intervals(observation if len(seen) else None, reward, transition)
    observation_floor, reward_floor, transition_floor, termination_floor, *_ = map(float, _mean(floors.table))
    return ElementReport(
        element=element,
        observation=Spread.of(seen) if len(seen) else None,
        reward=Spread.of(errors.reward),
        transition=Spread.of(errors.transition),
        termination=float(errors.termination.mean()),
        resolution=Means(observation_floor if len(seen) else None, reward_floor, transition_floor, termination_floor),
        overlap=float(reached.mean()),
        share=share,
        shared=shared,
        verdict=verdict,
        intervals=intervals,
        coordinates=coordinates if verdict in ("approximate", "broken") else (),
    )


def judge(
    errors: Errors, floors: Errors, standard: Standard, episodes: NDArray[np.intp], exact: bool | None
) -> tuple[float, str, str]:
    """Largest mean error relative to its scale, what has it, and the verdict; what is not known does not count.

    ``exact``: every error is rounding (only where single errors mean something).
    ``consistent``: the comparison is noisy, and no mean error exceeds what chance or the method adds by more than four
    standard errors.
    ``approximate``: no mean error exceeds that by more than a tenth of its scale.
    ``broken``: one does.
    """
    excess = shares(errors, standard.reward) - shares(floors, standard.reward)
    mean = _mean(excess)
    largest = int(np.nanargmax(mean))
    share, shared = max(float(mean[largest]), 0.0), JUDGED[largest]
    if exact:
        return share, shared, "exact"
    if not standard.deterministic:
        doubt = SIGMAS * np.hypot(standard_error(excess, episodes), shares(standard.uncertainty, standard.reward))
        if not (mean > doubt + 1e-12).any():
            return share, shared, "consistent"
    return share, shared, "approximate" if share <= NEARLY else "broken"


def _mean(values: FloatArray) -> FloatArray:
    """Means over the samples that are known; NaN where none is."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        mean: FloatArray = np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)
    return mean
