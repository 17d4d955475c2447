"""Where in the space of states a learner keeps a symmetry, and where it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nearsym.agents.algorithms import Learner
from nearsym.agents.algorithms.learner import Law
from nearsym.networks import Auxiliary, transform

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Regions:
    """What a learner does at each of the sampled states; of each whole there is one number in `Inspection`.

    Attributes:
        states: (samples, state_dim).
        laws: by what has a law under the group (``actor``, ``critic``), (elements, samples) ‖f(gx) - ρ(g) f(x)‖
            over the root mean square of ‖f(x)‖.
        readings: by name, (samples,) whatever else networks say of themselves there; see `Family.local_readings`.
    """

    states: FloatArray
    laws: dict[str, FloatArray]
    readings: dict[str, FloatArray]


@torch.no_grad()
def regions_of(learner: Learner, states: FloatArray, observations: Tensor, actions: Tensor) -> Regions:
    """Look at a learner state by state.

    Args:
        learner: a trained one.
        states: (samples, state_dim).
        observations: (samples, observation_dim) what is observed there, flattened.
        actions: (samples, action_dim) in [-1, 1].
    """
    pairs = torch.cat([observations, actions], dim=1)
    readings: dict[str, FloatArray] = {}
    for name, module in learner.networks().items():
        if isinstance(module, Auxiliary):
            module.look(learner.normalised(observations), actions)
        readings |= {key: _numbers(found) for key, found in learner.family_of(name).local_readings(module).items()}
    return Regions(states, {name: _errors(law, pairs) for name, law in learner.laws().items()}, readings)


def _errors(law: Law, pairs: Tensor) -> FloatArray:
    x = pairs[:, : law.in_rep.dim].contiguous()
    y = law.function(x)
    scale = y.square().sum(dim=1).mean().sqrt().clamp_min(torch.finfo(y.dtype).tiny)
    gaps = [
        (law.function(transform(law.in_rep, g, x)) - transform(law.out_rep, g, y)).norm(dim=1) / scale
        for g in range(law.in_rep.group.rows)
    ]
    return _numbers(torch.stack(gaps))


def _numbers(values: Tensor) -> FloatArray:
    found: FloatArray = values.double().cpu().numpy()
    return found
