"""Errors of a symmetry as an environment measures them itself."""

from __future__ import annotations

from typing import Any

import gymnasium

from nearsym.envs.symmetry import Symmetry

from .measurement import Measurement
from .transitions import Transitions


def measure_by_itself(
    env: gymnasium.Env[Any, Any], transitions: Transitions, symmetry: Symmetry, elements: list[int], seed: int
) -> Measurement:
    """What the environment's ``symmetry_errors(symmetry, elements, states, seed)`` says of the sampled states."""
    return env.get_wrapper_attr("symmetry_errors")(symmetry, elements, transitions.states, seed)
