"""Layer normalisation and residual blocks commute with a group, compile, and count in sizes."""

import numpy as np
import pytest
import torch

from nearsym.agents import PPO, SAC, DrQv2
from nearsym.agents.algorithms.many_seeds import Generators, ManySeeds
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.algorithms.update_rule import UpdateRule
from nearsym.agents.exporting.policy import ExportedPolicy
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import make
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Group, Representation, Symmetry
from nearsym.networks import (
    MLP,
    Critic,
    LayerNorm,
    architectures,
    equivariance_error,
    family,
    family_of_critics,
    parameter_count,
)

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
BLOCKS = ("norm", "residual")
SYMMETRIES = {
    "square": lambda: Symmetry.generated(
        observation=[np.kron(np.eye(2), QUARTER), np.kron(np.eye(2), MIRROR)], action=[QUARTER, MIRROR]
    ),
    "assets": lambda: Symmetry.generated(  # of a group whose elements are not listed
        observation=[[*np.roll(np.arange(6), 1), 6], [1, 0, *range(2, 7)]],
        action=[[*np.roll(np.arange(6), 1)], [1, 0, *range(2, 6)]],
    ),
}


def mlp(symmetry, name, block, members=2, **keys):
    """With normalisations that scale and shift, as after training."""
    torch.manual_seed(0)
    outputs = [symmetry.action, Representation.trivial(symmetry.group)]
    network = MLP(symmetry.observation.rep, outputs, family(name, width=40, block=block, **keys), members)
    with torch.no_grad():
        for norm in network.norms:
            norm.scale.uniform_(0.5, 2)
            norm.shift.uniform_(-1, 1)
    return network


def errors(symmetry, network):
    x = torch.randn(70, symmetry.observation.dim, dtype=torch.float64)
    reps = [symmetry.action.copies(network.heads[0].members), Representation.trivial(symmetry.group, 2)]
    heads = [lambda z, i=i: network(z)[i].transpose(0, 1).flatten(1) for i in range(2)]
    return [
        float(equivariance_error(head, symmetry.observation.rep, rep, x).max())
        for head, rep in zip(heads, reps, strict=True)
    ]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("name", architectures())
@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_every_family_but_plain_starts_equivariant_with_every_block(symmetry, name, block):
    symmetry = SYMMETRIES[symmetry]()
    found = errors(symmetry, mlp(symmetry, name, block))
    assert min(found) > 1e-3 if name == "plain" else max(found) < 1e-10


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("name", ["exact", "relaxed", "rpp", "complement"])
def test_a_scale_for_each_coordinate_would_break_it(name, block):
    """The negative control: the same network with torch's normalisation."""
    symmetry = SYMMETRIES["square"]()
    network = mlp(symmetry, name, block)
    for i, norm in enumerate(network.norms):
        free = LayerNorm(Representation.regular(symmetry.group), 5, tied=False, members=2)
        with torch.no_grad():
            free.scale.copy_(norm.scale.repeat_interleave(8, dim=-1) * (1 + 0.1 * torch.rand(2, 40)))
        network.norms[i] = free
    assert min(errors(symmetry, network)) > 1e-4


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_what_is_not_expanded_is_what_is(symmetry, block):
    """Batches that go through products in columns, against the same rows few at a time, which are expanded."""
    symmetry = SYMMETRIES[symmetry]()
    network = mlp(symmetry, "relaxed", block)
    assert network.applies
    x = torch.randn(70, symmetry.observation.dim, dtype=torch.float64)
    few = [torch.cat(parts, dim=1) for parts in zip(*(network(part) for part in x.split(10)), strict=True)]
    for whole, part in zip(network(x), few, strict=True):
        torch.testing.assert_close(whole, part)


@pytest.mark.usefixtures("float64")
def test_blocks_are_what_torch_makes_of_the_same_weights():
    symmetry = SYMMETRIES["square"]()
    x = torch.randn(6, 4, dtype=torch.float64)

    def linear(layer, x):
        return torch.nn.functional.linear(x, layer.weight[1], layer.bias[1])

    def norm(layer, x):
        centred = x - x.mean(dim=-1, keepdim=True)
        spread = (centred.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
        return centred / spread * layer.scale[1] + layer.shift[1]

    normed = mlp(symmetry, "plain", "norm")
    y = x
    for layer, each in zip(normed.layers, normed.norms, strict=True):
        y = norm(each, linear(layer, y)).relu()
    torch.testing.assert_close(normed(x)[0][1], linear(normed.heads[0], y))

    residual = mlp(symmetry, "plain", "residual")
    assert [layer.out_features for layer in residual.layers] == [40, 160, 40, 160, 40]
    y = linear(residual.layers[0], x)
    for i in range(2):
        wide = linear(residual.layers[1 + 2 * i], norm(residual.norms[i], y)).relu()
        y = y + linear(residual.layers[2 + 2 * i], wide)
    torch.testing.assert_close(residual(x)[0][1], linear(residual.heads[0], norm(residual.norms[2], y)))


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("name", ["exact", "relaxed", "complement"])
def test_matched_sizes_count_the_block(name, block):
    symmetry = SYMMETRIES["square"]()
    plain, matched = (
        parameter_count(Critic(symmetry.observation.rep, symmetry.action, family(kind, width=64, block=block, **keys)))
        for kind, keys in (("plain", {}), (name, {"match_parameters": True}))
    )
    assert abs(matched / plain - 1) < 0.15
    mlps = (family(name, width=64, match_parameters=True), family(name, width=64, match_parameters=True, block=block))
    sizes = [parameter_count(Critic(symmetry.observation.rep, symmetry.action, each)) for each in mlps]
    assert sizes[1] > sizes[0]


def test_critics_of_another_family_have_the_same_block():
    assert family_of_critics(family("relaxed", critic="plain", block="norm")).block == "norm"


def test_an_unknown_block_is_refused():
    with pytest.raises(InputError, match=r"network\.block is 'transformer', expected one of mlp, norm, residual"):
        family("plain", block="transformer")


def agent(name, block, normalise=True, own=None, **keys):
    env = make("dmc/point_mass-easy")
    network = family(name, width=16, block=block, **(own or {}))
    return SAC(env, network, seed=3, batch_size=8, learning_starts=10, normalise=normalise, **keys)


def parameters(learner):
    return torch.cat([p.detach().reshape(-1) for module in learner.modules().values() for p in module.parameters()])


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("name", ["plain", "exact", "relaxed"])
def test_a_compiled_update_is_the_ordinary_one(name, block):
    ordinary, fast = (agent(name, block).learn(20) for _ in range(2))
    start = parameters(ordinary.learner)
    fast.learner.compile(pytest.fail)
    for learner in (ordinary.learner, fast.learner):
        torch.manual_seed(1)
        learner.update(stored(ordinary, 0))
    moved = (parameters(ordinary.learner) - start).abs().mean()
    assert moved > 0 and (parameters(fast.learner) - parameters(ordinary.learner)).abs().mean() < 1e-2 * moved
    seen = np.ones((1, 4), dtype=np.float32)
    acted = [learner.act(seen, None, explore=False)[0] for learner in (ordinary.learner, fast.learner)]
    np.testing.assert_allclose(*acted, atol=1e-3)


def stored(trained, seed):
    np.random.seed(seed)
    return trained.experience.sample(8)


@pytest.mark.parametrize(("name", "block"), [("plain", "residual"), ("exact", "norm"), ("relaxed", "residual")])
def test_an_update_as_a_function_and_of_many_seeds_is_the_ordinary_one(name, block):
    """From the same statistics, batch and random numbers; what is compiled is this function."""
    ordinary, functional = (agent(name, block).learn(20) for _ in range(2))
    start = parameters(ordinary.learner)
    assert torch.equal(start, parameters(functional.learner))
    rule = UpdateRule(functional.learner)
    rule.functional(True)
    functional.learner._step = lambda batch, drawn: rule(rule.tensors(), batch, drawn)
    many = agent(name, block).learn(20).learner
    torch.manual_seed(1)
    together = ManySeeds([many], [Generators()])
    for learner in (ordinary.learner, functional.learner):
        torch.manual_seed(1)
        learner.update(stored(ordinary, 0))
    together.update([stored(ordinary, 0)])
    moved = (parameters(ordinary.learner) - start).abs().mean()
    assert moved > 0
    for learner in (functional.learner, many):
        assert (parameters(learner) - parameters(ordinary.learner)).abs().mean() < 1e-2 * moved


@pytest.mark.parametrize("block", ["mlp", *BLOCKS])
def test_actions_from_expanded_weights_are_the_networks(block):
    learner = agent("exact", block).learn(20).learner
    seen = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    expected = learner.mean_action(torch.as_tensor(seen)).detach().numpy()
    np.testing.assert_allclose(learner.box.from_env(learner.act(seen, None, explore=False)[0]), expected, atol=1e-6)
    moved = expected * [1, -1]
    mirrored = learner.mean_action(torch.as_tensor(seen * np.float32([1, -1, 1, -1]))).detach().numpy()
    np.testing.assert_allclose(mirrored, moved, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "own"),
    [("exact", {}), ("mirror", {"mirror_weight": 10, "value_weight": 10}), ("adaptive", {}), ("gated", {})],
)
def test_normalised_observations_decide_what_is_done_and_learned(name, own):
    """By hand: the networks of a learner without statistics, on observations normalised beforehand."""
    trained = agent(name, "mlp", own=own).learn(30)
    learner, bare = trained.learner, agent(name, "mlp", normalise=False, own=own).learner
    bare.load_state_dict(learner.state_dict())
    steps = trained.experience.arrays()["observations"][:, 0]
    assert learner.normaliser.count == 30
    rep = learner.observation_rep
    np.testing.assert_allclose(learner.normaliser.mean, steps[:30].mean(axis=0), atol=1e-4)
    seen = torch.as_tensor(steps[:5]).float()
    normalised = learner.normaliser(seen)
    assert not torch.allclose(normalised, seen, atol=0.1)
    torch.testing.assert_close(learner.mean_action(seen), bare.mean_action(normalised))
    batch = stored(trained, 0)
    for each, given in ((learner, batch), (bare, batch._replace(**{
        field: learner.normaliser(getattr(batch, field).float()) for field in ("observations", "next_observations")
    }))):  # fmt: skip
        torch.manual_seed(1)
        losses = each.update(given)
    torch.testing.assert_close(parameters(learner), parameters(bare), atol=1e-5, rtol=1e-4)
    assert float(losses["critic_loss"]) > 0
    error = equivariance_error(learner.mean_action, rep, learner.problem.symmetry.action, seen).max()
    assert (error < 1e-5) == (name == "exact")


@pytest.mark.parametrize(("name", "block"), [("relaxed", "residual"), ("exact", "norm")])
def test_an_exported_policy_has_blocks_and_statistics(name, block):
    learner = agent(name, block).learn(30).learner
    seen = 3 * np.random.default_rng(0).normal(size=(70, 4)).astype(np.float32)
    exported = ExportedPolicy(learner)(torch.as_tensor(seen)).detach().numpy()
    np.testing.assert_allclose(exported, learner.act(seen, None, explore=False)[0], atol=1e-5)


def test_a_learner_put_back_has_its_statistics():
    learner, other = agent("exact", "residual").learn(30).learner, agent("exact", "residual").learner
    other.load_state_dict(learner.state_dict())
    assert other.normaliser.count == 30
    seen = torch.randn(4, 4)
    torch.testing.assert_close(other.mean_action(seen), learner.mean_action(seen))


def test_a_run_that_goes_on_has_the_metrics_of_one_that_was_not_stopped(tmp_path):
    def trained(folder, steps):
        agent = SACSettings(batch_size=4, learning_starts=5, normalise=True)
        network = family("exact", width=8, block="residual")
        common = {"eval_every": 10, "eval_episodes": 1, "checkpoint_every": 10, "resume": True, "seed": 2}
        env = EnvSettings("Pendulum-v1")
        settings = TrainSettings(env, agent, network, run_dir=str(tmp_path / folder), total_steps=steps, **common)
        return train(settings, []).metrics.read_bytes()

    trained("stopped", 10)
    assert trained("stopped", 20) == trained("whole", 20)


def test_images_are_not_normalised():
    env = make("dmc/cartpole-balance", pixels=True, size=21)
    with pytest.raises(InputError, match=r"agent\.normalise is for vectors, and the environment observes images"):
        DrQv2(env, normalise=True)


@pytest.mark.parametrize("block", BLOCKS)
def test_other_algorithms_take_blocks(block):
    network = family("exact", width=16, block=block)
    images = make("dmc/cartpole-balance", pixels=True, size=21)
    drawn = DrQv2(images, network, seed=0, batch_size=8, learning_starts=10, features=8, filters=4).learn(14)
    assert drawn.learner.updates > 0 and len(drawn.learner.actor.mlp.norms) == {"norm": 2, "residual": 3}[block]
    ppo = PPO(make("Pendulum-v1"), network, seed=0, rollout_steps=16, batch_size=8, epochs=1).learn(32)
    rep, action = ppo.learner.observation_rep, ppo.learner.problem.symmetry.action
    assert equivariance_error(ppo.learner.outputs, rep, action, torch.randn(9, rep.dim)).max() < 1e-4


def test_a_normalisation_of_several_is_each_by_itself():
    rep = Representation.regular(Group.cyclic(2))
    both = LayerNorm(rep, 3, tied=True, members=2)
    with torch.no_grad():
        both.scale.copy_(torch.arange(6.0).view(2, 3))
    x = torch.randn(2, 5, 6)
    for member in range(2):
        alone = LayerNorm(rep, 3, tied=True)
        with torch.no_grad():
            alone.scale.copy_(both.scale[member])
        torch.testing.assert_close(both(x)[member], alone(x[member]))
