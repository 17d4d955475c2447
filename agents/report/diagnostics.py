"""What the networks did in training beside their returns, and what they cost: medians over runs, without intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .alignment import Condition
from .estimates import Estimate, curve
from .intervals import Intervals
from .records import Floats, Record

SECONDS, PARAMETERS = "seconds", "parameters"


def traces(condition: Condition) -> list[Estimate]:
    """Median over runs of every traced column at the common steps, with its quartiles in place of an interval."""
    estimates: list[Estimate] = []
    steps = condition.steps.astype(float)
    for network, runs in condition.runs.items():
        for name in sorted({name for run in runs for name in run.traces}):
            lines = np.array([_at(steps, run, name) for run in runs if name in run.traces])
            there = np.isfinite(lines).all(axis=0)
            if not there.any():
                continue
            low, middle, high = np.percentile(lines[:, there], [25, 50, 75], axis=0)
            estimates += curve(name, condition.label, network, steps[there], Intervals(middle, low, high), len(lines))
    return estimates


def costs(conditions: Sequence[Condition]) -> list[Estimate]:
    """Median seconds of a run and its parameters, by task and network, with the smallest and largest."""
    estimates: list[Estimate] = []
    for task in dict.fromkeys(condition.task for condition in conditions):
        runs = [run for c in conditions if c.task == task for same in c.runs.values() for run in same]
        for network in dict.fromkeys(run.network for run in runs):
            for name in (SECONDS, PARAMETERS):
                known = [getattr(run, name) for run in runs if run.network == network]
                values = np.array([value for value in known if value is not None], dtype=float)
                if len(values):
                    ends = (float(np.median(values)), float(values.min()), float(values.max()))
                    estimates.append(Estimate(name, task, network, *ends, len(values)))
    return estimates


def _at(steps: Floats, run: Record, name: str) -> Floats:
    """A traced column at the common steps; NaN outside what was measured."""
    trace = run.traces[name]
    measured = np.isfinite(trace)
    return np.interp(steps, run.steps[measured], trace[measured], left=np.nan, right=np.nan)
