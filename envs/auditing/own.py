"""Errors of a symmetry as an environment measures them itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium

from nearsym.envs.symmetry import Symmetry

from .measurement import Measurement
from .scales import Scales
from .transitions import Transitions


def measure_by_itself(
    env: gymnasium.Env[Any, Any],
    transitions: Transitions,
    symmetry: Symmetry,
    elements: list[int],
    seed: int,
    scales: Scales,
) -> Measurement:
    """What the environment's ``symmetry_errors(symmetry, elements, states, seed)`` says of the sampled states.

    It knows nothing of scales: transitions are held against what a step usually changes.
    """
    found: Measurement = env.get_wrapper_attr("symmetry_errors")(symmetry, elements, transitions.states, seed)
    errors, floors, uncertainty = (
        replace(each, transition_share=each.transition / scales.step)
        for each in (found.errors, found.floors, found.uncertainty)
    )
    return replace(found, errors=errors, floors=floors, uncertainty=uncertainty)
