"""SAC beside stable-baselines3's, and SBX's: whole training steps, and updates alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import torch

from nearsym.agents.benchmarks.contenders import SBX, STOCK, Contender, contender, sbx
from nearsym.agents.benchmarks.settings import BenchSettings
from nearsym.agents.benchmarks.timing import Table, rates, take_turns
from nearsym.networks import architectures

WARM = 50
"""Steps of training before anything is timed: what is compiled is compiled by then."""


def measure(settings: BenchSettings) -> Iterator[Table]:
    """Steps of environment, acting and learning together; then updates on one batch of random numbers."""
    torch.set_num_threads(settings.threads)
    chosen, width, batch = settings.training(0), settings.network.width, settings.agent.batch_size
    size = f"width {width}, batch {batch}, {settings.machine}"  # looks for the device before stable-baselines3 does
    with ExitStack() as stack:
        contenders: dict[str, Contender] = {}
        for name in (STOCK, *([SBX] if settings.sbx else []), *architectures()):
            found = sbx(settings.sbx, chosen) if name == SBX and settings.sbx else contender(name, chosen)
            contenders[name] = found
            stack.callback(found.close)
        for found in contenders.values():
            found.learn(settings.agent.learning_starts + WARM)
        for what, unit, deed in (
            (f"training steps in {settings.env.id}", "steps/s", "learn"),
            (f"updates for {settings.env.id}", "updates/s", "update"),
        ):
            calls: dict[str, Callable[[], object]] = {
                name: partial(getattr(found, deed), settings.steps) for name, found in contenders.items()
            }
            seconds = take_turns(calls, settings.rounds)
            states = {name: found.state() for name, found in contenders.items()}
            conditions = {"env": settings.env.id, "width": width, "batch": batch}
            yield Table(f"SAC: {what}, {size}", unit, rates(seconds, settings.steps, states), conditions)
