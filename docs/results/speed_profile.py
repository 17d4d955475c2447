"""Where the time of one update of SAC goes, by torch's profiler: prints one JSON object.

    python docs/results/speed_profile.py relaxed 128 128 compiled

It also runs with the package as it was at earlier commits, which knew no compiling (docs/results/speed.py).
"""

import argparse
import json
import time

import torch
from torch.autograd.profiler import record_function

from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.networks import family
from nearsym.networks.mlp import MLP

UPDATES, ROUNDS = 20, 7
PRODUCTS = ("aten::mm", "aten::bmm", "aten::addmm", "aten::baddbmm")
BACKWARD = "autograd::engine::evaluate_function"


def learner_and_batch(name, width, batch):
    """SAC of the cart-pole, and a batch of random numbers."""
    torch.manual_seed(0)
    settings = TrainSettings(
        env=EnvSettings("dmc/cartpole-swingup"),
        agent=SACSettings(batch_size=batch),
        network=family(name, width=width),
    )
    learner = build_learner(settings, build_world(settings, 0))
    observations, following = torch.randn(2, batch, 5)
    actions = torch.rand(batch, 1) * 2 - 1
    return learner, Batch(observations, actions, torch.randn(batch), following, torch.full((batch,), 0.99))


def name_ranges(learner):
    """Have the profiler know which operations are the layers', the penalties' and the optimizers'."""
    named = [("layers", MLP, "forward"), ("penalties", type(learner.network), "regularizer")]
    named += [("Adam", kind, "step") for kind in {type(optimizer) for optimizer in learner.optimizers().values()}]
    for name, owner, method in named:
        original = getattr(owner, method)

        def ranged(*args, _original=original, _name=name, **kwargs):
            with record_function(_name):
                return _original(*args, **kwargs)

        setattr(owner, method, ranged)
    return {name for name, *_ in named}


def category(event, ranges, forwards):
    """What an operation belongs to: one of the backward pass to what its forward operation did."""
    if event.name in PRODUCTS:
        return "matrix products"
    while event is not None:
        if event.name in ranges:
            return event.name
        if event.name.startswith(BACKWARD):
            return forwards.get(event.sequence_nr, "losses, targets")
        event = event.cpu_parent
    return "losses, targets"


def profile(update, ranges):
    """Share of each category of the time that operations take, and operations of an update."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiler:
        start = time.perf_counter()
        for _ in range(UPDATES):
            update()
        seconds = time.perf_counter() - start
    events = [event for event in profiler.events() if event.name not in ranges]
    forwards = {}
    for event in events:
        if event.sequence_nr >= 0 and not event.name.startswith(BACKWARD) and event.name.startswith("aten::"):
            forwards.setdefault(event.sequence_nr, category(event, ranges, {}))
    found = {}
    for event in events:
        if event.name.startswith("aten::"):
            own = category(event, ranges, forwards)
            found[own] = found.get(own, 0.0) + event.self_cpu_time_total / 1e6 / seconds
    found["rest"] = 1 - sum(found.values())
    return found, sum(event.name.startswith("aten::") for event in events) / UPDATES


def milliseconds(update):
    """Of an update, without the profiler: the median of rounds."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(UPDATES):
            update()
        found.append((time.perf_counter() - start) / UPDATES * 1e3)
    return sorted(found)[ROUNDS // 2]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network")
    parser.add_argument("width", type=int)
    parser.add_argument("batch", type=int)
    parser.add_argument("compiled", nargs="?", choices=["compiled"])
    given = parser.parse_args()
    torch.set_num_threads(1)
    learner, batch = learner_and_batch(given.network, given.width, given.batch)
    if given.compiled:
        learner.compile(print)
    for _ in range(3):
        learner.update(batch)
    total = milliseconds(lambda: learner.update(batch))
    shares, operations = profile(lambda: learner.update(batch), name_ranges(learner))
    print(json.dumps({"total": total, "operations": operations, **{name: total * s for name, s in shares.items()}}))
