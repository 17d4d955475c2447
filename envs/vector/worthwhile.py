"""Whether environments are slow enough for processes of their own."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import gymnasium

SLOW = 1e-3
"""Seconds of a step from which a second core saves more than asking another process costs (docs/speed.md)."""

STEPS, LONGEST = 10, 1.0
"""Steps that are timed, and seconds after which fewer have to do."""


def worthwhile(make: Callable[[], gymnasium.Env[Any, Any]]) -> bool:
    """Whether a second core is free, and a step of what `make` makes takes too long to have several in turn.

    An environment is made for this alone, and takes a few random steps. Where all cores are busy, processes that wait
    for each other at every step halve the speed instead.
    """
    if cores() == 1 or busy() > (os.cpu_count() or 1) - 1:
        return False
    env = make()
    try:
        return step_time(env) > SLOW
    finally:
        env.close()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def busy() -> float:
    """Cores of the machine that were busy in the last minute; 0 where the system does not say."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return 0.0


def step_time(env: gymnasium.Env[Any, Any]) -> float:
    """Median seconds of a step with random actions; the first one, which may build things, does not count."""
    actions = copy.deepcopy(env.action_space)
    actions.seed(0)
    times: list[float] = []
    ended, begun = True, time.perf_counter()
    while len(times) <= STEPS and time.perf_counter() - begun < LONGEST:
        if ended:
            env.reset(seed=0)
        start = time.perf_counter()
        _, _, terminated, truncated, _ = env.step(actions.sample())
        times.append(time.perf_counter() - start)
        ended = bool(terminated or truncated)
    return median(times[1:] or times)
