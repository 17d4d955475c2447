"""Refusing what cannot fit into this machine's memory before anything of it is made."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from nearsym.agents.algorithms.problem import Problem
from nearsym.agents.algorithms.settings import OffPolicySettings
from nearsym.envs.errors import InputError
from nearsym.networks.mlp import WIDER

from .settings import TrainSettings

LIMIT = Path("/sys/fs/cgroup/memory.max")
"""Where a container's share of the memory stands."""

NUMBER = 4
"""Bytes of a number in single precision."""


def memory() -> float:
    """Bytes that this machine has, or this container; infinite where nobody says."""
    try:
        whole = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf
    try:
        return min(whole, float(LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or "max"
        return whole


def check_memory(settings: TrainSettings, problem: Problem) -> None:
    """Check that the largest parts of a run fit into memory, each by a lower bound of what it takes.

    The replay, as far as the run fills it; a batch with what two critics make of it in each hidden layer; the matrices
    between hidden layers of two critics and their copies, divided by the order of the group, by which symmetric
    networks share weights.

    Args:
        settings: of the run.
        problem: spaces and group.

    Raises:
        InputError: one does not.
    """
    agent, width, depth = settings.agent, settings.network.width, settings.network.depth
    observation = math.prod(problem.observation_space.shape or ()) * problem.observation_space.dtype.itemsize
    squares = 2 * WIDER * depth if settings.network.block == "residual" else depth - 1
    needs = {
        f"agent.batch_size={agent.batch_size}": agent.batch_size * 2 * (observation + NUMBER * width * depth),
        f"network.width={width}": 4 * NUMBER * squares * width**2 / (problem.symmetry.group.order or math.inf),
    }
    if isinstance(agent, OffPolicySettings):
        held = min(agent.buffer_size, settings.total_steps)
        row = observation / problem.frames if problem.is_image else 2 * observation
        needs[f"a replay of {held} steps (agent.buffer_size, total_steps)"] = held * row
    found, largest = memory(), max(needs, key=lambda what: needs[what])
    if needs[largest] > found:
        raise InputError(
            f"{largest} takes at least {_gigabytes(needs[largest])} GB, and this machine has {_gigabytes(found)} GB of "
            "memory; make it smaller"
        )


def _gigabytes(count: float) -> str:
    return f"{count / 2**30:,.1f}" if count < 1e15 else f"{np.float64(count) / 2**30:.1e}"
