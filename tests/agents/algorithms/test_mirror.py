"""Mirror losses against dense matrices, and what they teach."""

import numpy as np
import pytest
import stable_baselines3
import torch

from nearsym.agents import PPO, SAC, DrQv2, SymmetricSACPolicy
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.on_policy import RolloutBatch
from nearsym.envs import make, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.networks import family


def sac(**keys):
    env = make("dmc/point_mass-easy")  # D4
    return SAC(env, family("mirror", width=16, **keys), seed=3, batch_size=32, learning_rate=1e-2).learner


def batch_of(learner, seed=0, count=32):
    generator = torch.Generator().manual_seed(seed)
    dim, action = learner.observation_rep.dim, learner.problem.symmetry.action.dim
    seen, then = torch.randn(2, count, dim, generator=generator)
    actions = torch.tanh(torch.randn(count, action, generator=generator))
    return Batch(seen, actions, torch.randn(count, generator=generator), then, torch.full((count,), 0.99))


def gaps_by_hand(learner, batch):
    """Mean squared gaps of policy and critics, by the matrices of all elements."""
    symmetry, x, a = learner.problem.symmetry, batch.observations, batch.actions
    actor, critic = 0.0, 0.0
    for g in range(symmetry.group.order):
        rho, sigma = (torch.tensor(rep.matrix[g]).float() for rep in (learner.observation_rep, symmetry.action))
        actor += (learner.mean_action(x @ rho.T) - learner.mean_action(x) @ sigma.T).square().sum(1).mean()
        gap = learner.action_values(x @ rho.T, a @ sigma.T) - learner.action_values(x, a)
        critic += gap.square().sum(0).mean()
    return actor / symmetry.group.order, critic / symmetry.group.order


def test_the_penalties_are_the_gaps_of_policy_and_values():
    learner = sac(mirror_weight=3.0, value_weight=5.0)
    batch, zero, scale = batch_of(learner), torch.zeros(()), torch.tensor(7.0)
    actor, critic = gaps_by_hand(learner, batch)
    assert min(actor, critic) > 1e-6
    torch.testing.assert_close(learner.penalised(zero, [learner.actor], scale, batch), 3 * 7 * actor)
    torch.testing.assert_close(learner.penalised(zero, [learner.critic], scale, batch), 5 * critic / 2)
    other = batch_of(learner, seed=1)  # of other states they are others
    assert not torch.isclose(learner.penalised(zero, [learner.actor], scale, other), 3 * 7 * actor)
    free = sac(mirror_weight=0.0, value_weight=0.0)
    assert free.penalised(zero, [free.encoder, free.critic, free.actor], scale, batch) == 0


@pytest.mark.parametrize(("keys", "name"), [({"mirror_weight": 10.0}, "actor"), ({"value_weight": 10.0}, "critic")])
def test_what_is_penalised_becomes_more_equivariant(keys, name):
    ends = {}
    for weights in ({}, keys):
        learner = sac(**{"mirror_weight": 0.0, **weights})
        batch = batch_of(learner)
        torch.manual_seed(0)
        for _ in range(60):
            learner.update(batch)
        ends[bool(weights)] = gaps_by_hand(learner, batch)[name == "critic"].item()
    assert ends[True] < 0.1 * ends[False]


def test_critics_alone_may_have_it():
    env = make("dmc/point_mass-easy")
    learner = SAC(env, family("exact", width=16, critic="mirror"), seed=3).learner
    assert set(learner._on_orbits) == {"critic"}


def test_ppo_says_it_in_two_ways():
    env, parameters = make("Pendulum-v1"), []
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randn(16, generator=generator)
    for network, keys in (("mirror", {}), ("plain", {"mirror": 2.0}), ("plain", {})):
        own = {"mirror_weight": 2.0} if network == "mirror" else {}
        learner = PPO(env, family(network, width=16, **own), seed=1, learning_rate=1e-2, **keys).learner
        seen = torch.randn(16, 3, generator=torch.Generator().manual_seed(1))
        for _ in range(3):
            learner.update(RolloutBatch(seen, numbers[:, None], numbers - 1, numbers, numbers))
        parameters.append(torch.cat([p.detach().flatten() for p in learner.actor.parameters()]))
    torch.testing.assert_close(parameters[0], parameters[1])
    assert not torch.allclose(parameters[0], parameters[2], atol=1e-4)


def test_ppos_value_has_one_too():
    env = make("Pendulum-v1")
    learner = PPO(env, family("mirror", width=16, mirror_weight=0.0, value_weight=4.0), seed=1).learner
    x = torch.randn(16, 3)
    moved = x * torch.tensor([1.0, -1.0, -1.0])
    expected = 4 * 0.5 * (learner.values(moved) - learner.values(x)).square().mean() / 2  # the identity is one of two
    found = learner.network.regularizer(learner.critic, torch.ones(()), learner._on_orbits["critic"](x))
    torch.testing.assert_close(found, expected)
    assert found > 1e-7


def test_images_are_mirrored_through_the_encoder():
    env = make("dmc/cartpole-balance", pixels=True, size=21)
    network = family("mirror", width=16, mirror_weight=1.0)
    learner = DrQv2(env, network, seed=3, features=8, filters=4).learner
    seen = torch.as_tensor(np.random.default_rng(0).integers(0, 256, (4, *env.observation_space.shape), dtype=np.uint8))
    batch = Batch(seen, torch.zeros(4, 1), torch.zeros(4), seen, torch.ones(4))
    found = learner.penalised(torch.zeros(()), [learner.actor], torch.ones(()), batch)
    here, there = (learner.mean_action(x.flatten(1)) for x in (seen, seen.flip(-1)))
    torch.testing.assert_close(found, (here + there).square().mean() / 2)
    assert found > 1e-9


def test_stock_algorithms_do_not_ask_for_it():
    env = make("Pendulum-v1")
    for network in (family("mirror"), family("exact", critic="mirror")):
        policy = {"symmetry": symmetry_of(env), "network": network}
        with pytest.raises(InputError, match=r"network=mirror has losses that look at batches, which stable-b"):
            stable_baselines3.SAC(SymmetricSACPolicy, env, policy_kwargs=policy)
