"""Learners of several seeds as one, against each of them alone."""

import numpy as np
import pytest
import torch

from nearsym.agents import SAC, DrQv2
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.many_seeds import Generators, ManySeeds
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.networks import FAMILIES, family

SEEDS = (3, 4, 8)


def members(name, algorithm=SAC):
    """Learners, and the generators as building each has left them."""
    images = algorithm is DrQv2
    env = make("dmc/cartpole-balance", pixels=True, size=21) if images else make("dmc/cartpole-balance")
    small = {"features": 8, "filters": 4} if images else {}
    found = []
    for seed in SEEDS:
        agent = algorithm(env, family(name, width=16), seed=seed, batch_size=8, learning_starts=2, **small)
        found.append((agent.learner, Generators()))
    return [learner for learner, _ in found], [generators for _, generators in found]


def batch(learner, seed):
    generator = torch.Generator().manual_seed(seed)
    shape = (8, *learner.problem.observation_space.shape)
    if learner.problem.is_image:
        seen = [torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8) for _ in range(2)]
    else:
        seen = list(torch.randn(2, *shape, generator=generator))
    return Batch(seen[0], torch.rand(8, 1, generator=generator), torch.ones(8) * seed, seen[1], torch.full((8,), 0.9))


def parameters(learner):
    return torch.cat([p.detach().reshape(-1) for module in learner.modules().values() for p in module.parameters()])


def updated(learners, generators, data):
    together = ManySeeds(learners, generators)
    for step in data:
        losses = together.update([batch(learner, seed) for learner, seed in zip(learners, step, strict=True)])
    return losses


@pytest.mark.parametrize(("name", "algorithm"), [*((name, SAC) for name in FAMILIES), ("relaxed", DrQv2)])
def test_every_seed_is_what_it_is_alone(name, algorithm):
    data = [(1, 2, 3), (4, 5, 6), (7, 8, 9)]
    learners, generators = members(name, algorithm)
    start = [parameters(learner) for learner in learners]
    losses = updated(learners, generators, data)
    for s, (alone, own) in enumerate(zip(*members(name, algorithm), strict=True)):
        for step in data:
            with own.own():
                expected = alone.update(batch(alone, step[s]))
        moved = (parameters(alone) - start[s]).abs().mean()
        assert (parameters(alone) - parameters(learners[s])).abs().mean() < 1e-2 * moved
        assert losses["critic_loss"][s].item() == pytest.approx(expected["critic_loss"].item(), rel=1e-3)
        assert learners[s].updates == alone.updates == 3


def test_what_one_seed_meets_changes_nothing_for_the_others():
    usual, others = members("relaxed"), members("relaxed")
    updated(*usual, [(1, 2, 3), (4, 5, 6)])
    updated(*others, [(1, 9, 3), (4, 9, 6)])
    same = [torch.equal(parameters(a), parameters(b)) for a, b in zip(usual[0], others[0], strict=True)]
    assert same == [True, False, True]


def test_a_seed_goes_on_alone_with_what_it_learned_together_and_together_again():
    learners, generators = members("exact")
    together = ManySeeds(learners, generators)
    together.update([batch(learner, 1) for learner in learners])
    before = [parameters(learner) for learner in learners]
    learners[1].load_state_dict(members("exact")[0][1].state_dict())  # back to the start
    assert torch.equal(parameters(learners[0]), before[0]) and not torch.equal(parameters(learners[1]), before[1])
    for parameter in learners[2].critic.parameters():  # written to other memory
        parameter.data = parameter.data * 2
    critic = learners[2].critic.mlp.layers[0].filters.detach().clone()
    together.update([batch(learner, 1) for learner in learners])
    assert torch.allclose(parameters(learners[1]), before[1], atol=1e-2)
    assert torch.allclose(learners[2].critic.mlp.layers[0].filters, critic, atol=1e-2)


def test_each_seed_draws_its_own_random_numbers_and_leaves_the_others_alone():
    torch.manual_seed(5)
    np.random.seed(5)
    one = Generators()
    torch.manual_seed(6)
    np.random.seed(6)
    two = Generators()
    outside = torch.randn(2), np.random.rand(2)
    drawn = []
    for own in (one, two, one):
        with own.own():
            drawn.append((torch.randn(2), np.random.rand(2)))
    torch.manual_seed(5)
    np.random.seed(5)
    expected = torch.randn(4), np.random.rand(4)  # of small tensors torch draws one after the other
    assert torch.equal(torch.cat([drawn[0][0], drawn[2][0]]), expected[0])
    assert np.array_equal(np.concatenate([drawn[0][1], drawn[2][1]]), expected[1])
    assert torch.equal(drawn[1][0], outside[0]) and np.array_equal(drawn[1][1], outside[1])


def test_they_act_as_alone_compiled_too():
    learners, generators = members("relaxed")
    compiled, others = members("relaxed")
    fast = ManySeeds(compiled, others)
    fast.compile(pytest.fail)
    seen = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    for learner in (*learners, *compiled):
        learner.steps = 10
    expected = ManySeeds(learners, generators).explore(seen)
    np.testing.assert_allclose(fast.explore(seen), expected, atol=1e-5)
    assert len({tuple(row) for row in expected}) == 3


def test_an_algorithm_of_another_kind_is_refused():
    with pytest.raises(InputError, match="several seeds at once need an algorithm whose update is a function"):
        ManySeeds([object()], [Generators()])
