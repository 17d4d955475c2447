"""Updates recorded as a graph, on a GPU where there is one; elsewhere a tape stands for CUDA's graphs.

Like a graph the tape notes operations down with the memory they read and write, and runs none of them when it records.
"""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from nearsym.agents import SAC
from nearsym.agents.algorithms import compiled, cuda_graph
from nearsym.agents.algorithms.cuda_graph import Recorded
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.many_seeds import Generators, ManySeeds
from nearsym.envs import make
from nearsym.networks import family

COUNT = 8
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


class Tape(TorchDispatchMode):
    """Operations, in order."""

    def __init__(self):
        super().__init__()
        self.operations, self.played = [], 0

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        found = operation(*args, **(kwargs or {}))
        self.operations.append((operation, args, kwargs or {}, found))
        return found

    def play(self):
        self.played += 1
        for operation, args, kwargs, found in self.operations:
            for old, new in zip(tree_leaves(found), tree_leaves(operation(*args, **kwargs)), strict=True):
                if isinstance(old, torch.Tensor) and old.data_ptr() != new.data_ptr():
                    old.copy_(new)


@pytest.fixture
def tapes(monkeypatch):
    """Everything that was recorded, on the CPU; the compiler hands back what was traced."""
    made = []

    def record(function, arguments):
        before = [argument.clone() for argument in arguments]
        tape = Tape()
        with torch.no_grad(), tape:
            found = function(*arguments)
        for argument, value in zip(arguments, before, strict=True):
            argument.copy_(value)
        for tensor in found:
            tensor.fill_(77.0)  # nothing was computed
        made.append(tape)
        return tape.play, found

    monkeypatch.setattr(cuda_graph, "record", record)
    monkeypatch.setattr(compiled, "RECORDED", ("cpu",))
    monkeypatch.setattr("torch._inductor.compile", lambda graph, arguments: graph)
    return made


def step(parameters, x):
    """Changes the first in place, as an update does."""
    return [parameters.add_(x).sum(), x + 1]


def check_recorded(device):
    parameters, x = torch.zeros(3, device=device), torch.ones(3, device=device)
    recorded = Recorded(step, [parameters, x], lasting=1)
    assert parameters.tolist() == [0, 0, 0] and x.tolist() == [1, 1, 1]  # recording does nothing
    first = recorded(parameters, x)
    second = recorded(parameters, 2 * x)
    assert parameters.tolist() == [3, 3, 3]
    assert first[0].item() == 3 and first[1].tolist() == [2, 2, 2]  # and is not written over
    assert second[0].item() == 9 and second[1].tolist() == [3, 3, 3]
    other = torch.full((3,), 5.0, device=device)  # memory that was not recorded
    assert recorded(other, x)[0].item() == 18 and other.tolist() == [6, 6, 6] and parameters.tolist() == [3, 3, 3]
    with torch.no_grad():
        parameters.copy_(other)  # as loading does
    assert recorded(parameters, x)[0].item() == 21
    # what is not said to last is copied, and stays as it is
    copied = Recorded(step, [parameters, x], lasting=0)
    assert copied(parameters, x)[0].item() == 24 and parameters.tolist() == [7, 7, 7]


def test_a_recorded_function_changes_what_lasts_and_gives_what_outlasts_it(tapes):
    check_recorded("cpu")
    assert [tape.played for tape in tapes] == [3, 1]


@needs_gpu
def test_a_gpu_records_it_too():
    check_recorded("cuda")


def agent(device="cpu", **more):
    network = family("relaxed", width=16)
    return SAC(make("dmc/cartpole-balance"), network, seed=3, batch_size=COUNT, device=device, **more).learner


def batch(learner, seed):
    generator = torch.Generator().manual_seed(seed)
    seen = torch.randn(2, COUNT, *learner.problem.observation_space.shape, generator=generator)
    rewards, actions = torch.randn(COUNT, generator=generator), torch.rand(COUNT, 1, generator=generator)
    given = Batch(seen[0], actions, rewards, seen[1], torch.full((COUNT,), 0.9))
    return Batch(*(tensor.to(learner.device) for tensor in given))


def parameters(learner):
    return torch.cat([p.detach().reshape(-1) for module in learner.modules().values() for p in module.parameters()])


def moved_alike(ordinary, recorded, start):
    moved = (parameters(ordinary) - start).abs().mean()
    assert moved > 0 and (parameters(ordinary) - parameters(recorded)).abs().mean() < 5e-3 * moved


def check_updates(device):
    ordinary, recorded = agent(device), agent(device)
    start = parameters(ordinary)
    recorded.compile(pytest.fail)
    losses = []
    for learner in (ordinary, recorded):
        torch.manual_seed(1)
        losses.append([learner.update(batch(learner, seed)) for seed in range(4)])
    moved_alike(ordinary, recorded, start)
    for one, other in zip(*losses, strict=True):  # read at the end, as training does
        assert {k: float(v) for k, v in one.items()} == pytest.approx({k: float(v) for k, v in other.items()}, rel=1e-3)
    assert len({float(each["critic_loss"]) for each in losses[1]}) == 4
    # a loaded state is that of the next update
    recorded.load_state_dict(ordinary.state_dict())
    for learner in (ordinary, recorded):
        torch.manual_seed(2)
        learner.update(batch(learner, 9))
    assert torch.allclose(parameters(ordinary), parameters(recorded), atol=1e-5)
    # actions are those of the parameters as they are now
    seen = np.linspace(-1, 1, 10, dtype=np.float32).reshape(2, 5)
    expected = [learner.act(seen, None, explore=False)[0] for learner in (ordinary, recorded)]
    np.testing.assert_allclose(*expected, atol=1e-5)
    for learner in (ordinary, recorded):
        torch.manual_seed(4)
        learner.update(batch(learner, 10))
    later = [learner.act(seen, None, explore=False)[0] for learner in (ordinary, recorded)]
    np.testing.assert_allclose(*later, atol=1e-5)
    assert not np.allclose(later[1], expected[1], atol=1e-6)


def test_recorded_updates_and_actions_are_the_ordinary_ones(tapes):
    check_updates("cpu")
    assert [tape.played for tape in tapes] == [6, 2]


@needs_gpu
def test_a_gpu_s_updates_are_the_ordinary_ones():
    check_updates("cuda")


def test_seeds_at_once_are_recorded_as_one(tapes):
    def members():
        found = []
        for seed in (3, 4):
            torch.manual_seed(seed)
            found.append((agent(), Generators()))
        return list(zip(*found, strict=True))

    plain, recorded = members(), members()
    start = [parameters(learner) for learner in plain[0]]
    fast = ManySeeds(*recorded)
    fast.compile(pytest.fail)
    for many in (ManySeeds(*plain), fast):
        for seed in (0, 1):
            many.update([batch(learner, seed + own) for own, learner in enumerate(plain[0])])
    for one, other, begun in zip(plain[0], recorded[0], start, strict=True):
        moved_alike(one, other, begun)
    assert [tape.played for tape in tapes] == [2]
    seen = np.linspace(-1, 1, 10, dtype=np.float32).reshape(2, 5)
    for learner in (*plain[0], *recorded[0]):
        learner.steps = 10_000
    np.testing.assert_allclose(fast.explore(seen), ManySeeds(*plain).explore(seen), atol=1e-5)
    assert [tape.played for tape in tapes] == [2, 2]  # one recording, of both seeds' parameters


def test_what_cannot_be_recorded_is_said_in_one_line_and_goes_on(tapes, monkeypatch):
    def fails(function, arguments):
        raise RuntimeError("operation not permitted when stream is capturing\nand much more")

    monkeypatch.setattr(cuda_graph, "record", fails)
    ordinary, slow, told = agent(), agent(), []
    start = parameters(ordinary)
    slow.compile(told.append)
    for learner in (ordinary, slow):
        torch.manual_seed(1)
        learner.update(batch(learner, 0))
    moved_alike(ordinary, slow, start)
    wrong = "RuntimeError, operation not permitted when stream is capturing"
    assert told == [f"compiled code cannot be recorded as a CUDA graph: {wrong}"]


def test_each_seed_draws_its_own_numbers_on_a_gpu_too(monkeypatch):
    monkeypatch.setattr(torch.cuda, "default_generators", (torch.Generator().manual_seed(5),))
    (gpu,) = torch.cuda.default_generators
    one, two = Generators(), Generators()
    with one.own():
        first = torch.rand(3, generator=gpu)
    with two.own():
        assert torch.equal(torch.rand(3, generator=gpu), first)  # both begin alike
    with one.own():
        second = torch.rand(3, generator=gpu)
    assert not torch.equal(first, second)
    with two.own():
        assert torch.equal(torch.rand(3, generator=gpu), second)  # and neither goes on for the other
