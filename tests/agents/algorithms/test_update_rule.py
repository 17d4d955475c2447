"""An update as a function of tensors, compiled too, against the ordinary one."""

import numpy as np
import pytest
import torch

from nearsym.agents import SAC, DrQv2
from nearsym.agents.algorithms import compiled
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.update_rule import UpdateRule
from nearsym.envs import make
from nearsym.networks import FAMILIES, family


def agents(name, algorithm=SAC, count=2):
    images = algorithm is DrQv2
    env = make("dmc/cartpole-balance", pixels=True, size=21) if images else make("dmc/point_mass-easy")
    small = {"features": 8, "filters": 4} if images else {}
    return [algorithm(env, family(name, width=32), seed=3, batch_size=64, **small).learner for _ in range(count)]


def batch(learner, seed=0, count=64):
    generator = torch.Generator().manual_seed(seed)
    normal = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    shape = (count, *learner.problem.observation_space.shape)
    images = lambda: torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)  # noqa: E731
    observe = images if learner.problem.is_image else lambda: normal(*shape)
    actions = torch.tanh(normal(count, learner.problem.symmetry.action.dim))
    return Batch(observe(), actions, normal(count), observe(), torch.full((count,), 0.99))


def parameters(learner):
    return torch.cat([p.detach().reshape(-1) for module in learner.modules().values() for p in module.parameters()])


def apart(one, other):
    """On average: where a penalty has a kink, a rounding error may turn a step of Adam round."""
    return (parameters(one) - parameters(other)).abs().mean()


def updates_agree(one, other, times=4):
    """Both start alike, so that small differences have little to grow on."""
    start = parameters(one)
    assert torch.equal(start, parameters(other))
    for learner in (one, other):
        torch.manual_seed(1)
        for seed in range(times):
            losses = learner.update(batch(learner, seed))
        learner.last = {name: float(value) for name, value in losses.items()}
    moved = (parameters(one) - start).abs().mean()
    assert apart(one, other) < 5e-3 * moved
    assert one.last == pytest.approx(other.last, rel=1e-3, abs=1e-4)
    return moved


VECTORS_ALONE = ("gated", "measured")


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [(name, kind) for kind in (SAC, DrQv2) for name in FAMILIES if kind is SAC or name not in VECTORS_ALONE],
)
def test_a_functional_update_is_the_ordinary_one(name, algorithm):
    ordinary, functional = agents(name, algorithm)
    rule = UpdateRule(functional)
    rule.functional(True)
    functional._step = lambda batch, drawn: rule(rule.tensors(), batch, drawn)
    assert updates_agree(ordinary, functional) > 0
    # and of other random numbers it is another
    torch.manual_seed(2)
    before = parameters(functional)
    functional.update(batch(functional))
    ordinary.update(batch(ordinary))
    assert not torch.allclose(parameters(functional) - before, parameters(ordinary) - before)


SLOW = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("rpp", "projected", "constrained", "mirror", "gated", "adaptive")
]


@pytest.mark.parametrize("name", ["relaxed", "scheduled", *SLOW])
def test_a_compiled_update_is_the_ordinary_one(name):
    ordinary, fast = agents(name)
    fast.compile(pytest.fail)
    updates_agree(ordinary, fast)
    # a batch of another size goes the ordinary way
    for learner in (ordinary, fast):
        torch.manual_seed(7)
        learner.update(batch(learner, count=8))
    assert apart(ordinary, fast) < 1e-5
    # parameters that were given other memory are found again
    for learner in (ordinary, fast):
        for parameter in learner.critic.parameters():
            parameter.data = parameter.data * 1.5
        torch.manual_seed(8)
        learner.update(batch(learner))
    assert apart(ordinary, fast) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in VECTORS_ALONE])
def test_a_compiled_update_from_images_is_the_ordinary_one(name):
    ordinary, fast = agents(name, DrQv2)
    fast.compile(pytest.fail)
    updates_agree(ordinary, fast, times=2)


def test_a_run_that_cannot_compile_says_why_and_goes_on(monkeypatch, tmp_path):
    told = []
    monkeypatch.setenv("CXX", "no-such-compiler")
    ordinary, slow = agents("exact")
    slow.compile(told.append)
    updates_agree(ordinary, slow)
    assert told == ["there is no C++ compiler (g++ or clang++)"]
    monkeypatch.delenv("CXX")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(compiled.CACHE, str(tmp_path / "file" / "below"))
    with pytest.raises(compiled.CannotCompileError, match="cannot be written"):
        compiled.compile_function(lambda x: [x + 1], [torch.zeros(3)])


def test_what_a_compiler_fails_at_is_one_line():
    def branches(x):
        return [x + 1] if x.sum() > 0 else [x, x.nonexistent()]

    with pytest.raises(compiled.CannotCompileError, match=r"^torch's compiler failed: RuntimeError, .+$"):
        compiled.compile_function(branches, [torch.zeros(3)])


def test_compiled_code_changes_its_arguments_and_not_the_examples():
    example = torch.ones(3)
    add = compiled.compile_function(lambda x: [x.add_(1).sum()], [example])
    assert torch.equal(example, torch.ones(3))
    mine = torch.zeros(3)
    assert [float(value) for value in add(mine)] == [3.0] and torch.equal(mine, torch.ones(3))
    np.testing.assert_allclose(add(mine)[0], 6.0)
