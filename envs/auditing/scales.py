"""What errors are held against, coordinate by coordinate, so that no choice of units decides a verdict."""

from __future__ import annotations

from dataclasses import dataclass

import gymnasium
import numpy as np
from numpy.typing import NDArray

from nearsym.envs.symmetry import Image, Representation, Symmetry

from .transitions import Transitions

FloatArray = NDArray[np.float64]

ROUNDING = 1e-8
"""Errors up to this fraction of a coordinate's usual size count as rounding."""

LEAST = 1e-12
"""Errors up to this count as rounding whatever they are held against."""


@dataclass(frozen=True, eq=False)
class Scales:
    """Scales, and the errors that count as rounding; each is the same for coordinates that the group exchanges.

    Attributes:
        observation: (dim,) standard deviation of each coordinate; () of an image, of its most varied pixel.
        state: (dim,) root mean square of what a step changes of each coordinate; of one that no step changes, its
            standard deviation.
        reward: standard deviation.
        step: root mean square of ‖s' - s‖.
        observation_rounding: as `observation`.
        state_rounding: as `state`.
        reward_rounding: of the reward.
    """

    observation: FloatArray
    state: FloatArray
    reward: float
    step: float
    observation_rounding: FloatArray
    state_rounding: FloatArray
    reward_rounding: float


def scales_of(env: gymnasium.Env[object, object], transitions: Transitions, symmetry: Symmetry) -> Scales:
    """Scales of sampled transitions, with all their images under the group."""
    rep = symmetry.observation.rep
    seen, dtype = transitions.observations, env.observation_space.dtype
    image = isinstance(symmetry.observation, Image)
    spread = seen.std(axis=0).max() if image else _spread(_images(rep, seen))
    fraction = ROUNDING if dtype is None or dtype.kind != "f" else max(ROUNDING, 10 * float(np.finfo(dtype).eps))
    seen_rounding = np.asarray(LEAST if image else fraction * _size(_images(rep, seen)) + LEAST)

    state_rep = symmetry.state or rep
    if state_rep.dim != transitions.states.shape[1]:
        state_rep = Representation.trivial(symmetry.group, transitions.states.shape[1])
    change = transitions.next_states - transitions.states
    if image and symmetry.state is None:
        moved, size = np.full(change.shape[1], np.sqrt((change**2).mean())), np.zeros(change.shape[1])
    else:
        states = _images(state_rep, transitions.states)
        moved, size = _size(_images(state_rep, change)), _size(states)
        moved = np.where(moved > LEAST, moved, _spread(states))
    rewards = transitions.rewards
    return Scales(
        observation=np.maximum(spread, seen_rounding),
        state=np.maximum(moved, ROUNDING * size + LEAST),
        reward=max(float(rewards.std()), LEAST),
        step=float(np.sqrt(np.mean(np.sum(change**2, axis=1)))),
        observation_rounding=seen_rounding,
        state_rounding=ROUNDING * size + LEAST,
        reward_rounding=ROUNDING * float(_size(rewards)) + LEAST,
    )


def _images(rep: Representation, vectors: FloatArray) -> FloatArray:
    """(rows · samples, dim) vectors moved by every known element."""
    return np.concatenate([rep.apply(g, vectors) for g in range(rep.group.rows)])


def _size(values: FloatArray) -> FloatArray:
    """Root mean square of each coordinate."""
    size: FloatArray = np.sqrt(np.mean(values**2, axis=0))
    return size


def _spread(values: FloatArray) -> FloatArray:
    """Standard deviation of each coordinate."""
    spread: FloatArray = values.std(axis=0)
    return spread
