"""DQN of ours beside stable-baselines3's, in runs that go on after a stop, with symmetric and augmented networks."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import torch
from stable_baselines3.common.type_aliases import ReplayBufferSamples

from nearsym.agents import SymmetricDQNPolicy
from nearsym.agents.algorithms.dqn import DQNLearner, DQNSettings
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.runs.build import problem_of
from nearsym.agents.runs.evaluation import load_learner
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import declare, make
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import FAMILIES, family

MIRROR = Symmetry.reflection(observation=[-1] * 4, action=[1, 0])
CART = "from nearsym import Symmetry\nmirror = Symmetry.reflection(observation=[-1] * 4, action=[1, 0])\n"


def learner_of(network="exact", symmetry=MIRROR, env="CartPole-v1", **keys):
    chosen = family(network, width=32)
    problem = problem_of(DQNLearner, declare(gymnasium.make(env), symmetry), chosen)
    return DQNLearner(DQNSettings(**keys), chosen, problem, torch.device("cpu"), seed=0)


def batch_of(generator, count=32):
    observations, following = (torch.randn(count, 4, generator=generator) for _ in range(2))
    actions, rewards = torch.randint(2, (count, 1), generator=generator), torch.randn(count, generator=generator)
    over = (torch.rand(count, generator=generator) < 0.2).float()
    return Batch(observations, actions, 5 * rewards, following, 0.99 * (1 - over)), over


@pytest.mark.parametrize("network", ["plain", "exact"])
def test_updates_are_stocks(network):
    """From the same weights on the same batches, with rewards large enough for both parts of the Huber loss."""
    learner = learner_of(network, learning_rate=3e-3, max_grad_norm=0.5)
    policy = {"symmetry": MIRROR, "network": learner.network}
    env = gymnasium.make("CartPole-v1")
    stock = stable_baselines3.DQN(SymmetricDQNPolicy, env, policy_kwargs=policy, learning_rate=3e-3, max_grad_norm=0.5)
    for net in (stock.q_net, stock.q_net_target):
        net.network.load_state_dict(learner.q_network.state_dict())
    before = {name: value.clone() for name, value in learner.q_network.state_dict().items()}
    stock.set_logger(stable_baselines3.common.logger.configure(None, []))
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        batch, over = batch_of(generator)
        drawn = ReplayBufferSamples(
            batch.observations, batch.actions, batch.next_observations, over[:, None], batch.rewards[:, None]
        )
        stock.replay_buffer.sample = lambda *args, drawn=drawn, **keys: drawn
        stock.train(1, 32)
        expected = {  # θ̄ ← (1 - τ) θ̄ + τ θ
            name: 0.995 * value + 0.005 * stock.q_net.network.state_dict()[name]
            for name, value in stock.q_net_target.network.state_dict().items()
        }
        stock.q_net_target.network.load_state_dict(expected)
        losses = learner.update(batch)
        assert losses["critic_loss"].item() == pytest.approx(stock.logger.name_to_value["train/loss"], rel=1e-5)
    for ours, stocks in ((learner.q_network, stock.q_net), (learner.q_target, stock.q_net_target)):
        for name, value in stocks.network.state_dict().items():
            torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-4, atol=1e-6, msg=name)
    assert not all(torch.equal(value, before[name]) for name, value in learner.q_network.state_dict().items())


ALONE = sorted(set(FAMILIES) - {"gated", "mirror", "adaptive", "measured"})
"""Families that are layers alone."""


@pytest.mark.parametrize("network", ALONE)
def test_every_network_is_updated_and_its_law_is_measured(network):
    learner, generator = learner_of(network, learning_rate=1e-2), torch.Generator().manual_seed(0)
    for _ in range(3):
        losses = learner.update(batch_of(generator)[0])
    assert all(torch.isfinite(loss) for loss in losses.values())
    seen = torch.randn(50, 4)
    with torch.no_grad():
        gap = (learner.values(-seen) - learner.values(seen).flip(1)).abs().max().item()
    assert (gap < 1e-4) == (network == "exact")


def test_gated_values_are_a_mixture_of_two_networks_action_by_action():
    learner, generator = learner_of("gated"), torch.Generator().manual_seed(0)
    seen = torch.randn(20, 4, generator=generator)
    assert (
        learner.values(-seen) - learner.values(seen).flip(1)
    ).abs().max() < 1e-5  # free networks start as exact ones
    with torch.no_grad():
        for p in (*learner.q_network.free.parameters(), *learner.auxiliary.gate.gate.parameters()):
            p.add_(0.3 * torch.randn(p.shape, generator=generator))
    gates = torch.stack([learner.auxiliary.of(seen, torch.eye(2)[a].expand(20, 2)) for a in range(2)], dim=1)
    assert gates.std(dim=0).min() > 1e-4 < (gates[:, 0] - gates[:, 1]).abs().mean()
    expected = (1 - gates) * learner.q_network.equivariant(seen) + gates * learner.q_network.free(seen)
    torch.testing.assert_close(learner.values(seen), expected)
    assert (learner.values(-seen) - learner.values(seen).flip(1)).abs().max() > 1e-3


@pytest.mark.parametrize("broken", [False, True])
def test_a_gate_opens_where_one_of_two_mirrored_actions_fails(broken):
    """Each pushes its way; where it is broken, the first does nothing."""
    learner, generator = learner_of("gated", learning_rate=3e-3), torch.Generator().manual_seed(0)
    for _ in range(400):
        batch, _ = batch_of(generator, 128)
        push = batch.actions.float() * (1.0 if broken else 2.0) - (0.0 if broken else 1.0)
        following = 0.9 * batch.observations + 0.5 * push
        losses = learner.update(batch._replace(next_observations=following, rewards=batch.observations[:, 0].abs()))
    assert all(torch.isfinite(loss) for loss in losses.values())
    seen = torch.randn(200, 4, generator=generator)
    gates = torch.stack([learner.auxiliary.of(seen, torch.eye(2)[a].expand(200, 2)) for a in range(2)])
    assert gates.mean() > 0.7 if broken else gates.mean() < 0.1
    readings = inspect_learner(learner, make("CartPole-v1"), samples=20, seed=0).readings
    assert set(readings) == {"gate", "gate_over_actions", "given_up"}


def test_normalised_observations_decide_what_is_done_and_learned():
    """By hand: a learner without statistics, on observations normalised beforehand."""
    learner, bare = learner_of(normalise=True), learner_of()
    seen = 3 * np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32) * [1, 5, 1, 2]
    learner.explore(seen, None)
    assert int(learner.normaliser.count) == 50
    batch, _ = batch_of(torch.Generator().manual_seed(0))
    normalised = batch._replace(
        observations=learner.normaliser(batch.observations),
        next_observations=learner.normaliser(batch.next_observations),
    )
    assert not torch.allclose(normalised.observations, batch.observations, atol=0.1)
    expected, found = bare.update(normalised), learner.update(batch)
    assert found["critic_loss"].item() == pytest.approx(expected["critic_loss"].item(), rel=1e-5)
    torch.testing.assert_close(learner.values(batch.observations), bare.values(normalised.observations))
    other = learner_of(normalise=True)
    other.load_state_dict(learner.state_dict())
    torch.testing.assert_close(other.values(batch.observations), learner.values(batch.observations))


def test_augmented_transitions_are_mirrored_with_their_actions():
    learner = learner_of("orbits")
    batch, _ = batch_of(torch.Generator().manual_seed(0))
    moved = learner._prepared(batch)
    assert (moved.actions.sum(1) == 1).all()
    moved, actions = moved._replace(actions=moved.actions.argmax(1)), batch.actions.flatten()
    halves = [slice(0, 32), slice(32, 64)]
    same = [torch.equal(moved.observations[half], batch.observations) for half in halves]
    assert sorted(same) == [False, True]
    other = halves[same.index(False)]
    torch.testing.assert_close(moved.observations[other], -batch.observations)
    assert torch.equal(moved.actions[other], 1 - actions)
    assert torch.equal(moved.actions[halves[same.index(True)]], actions)


def test_exploration_falls_and_numbers_may_begin_anywhere():
    class Late(gymnasium.Env):
        observation_space, action_space = gymnasium.spaces.Box(-1, 1, (4,)), gymnasium.spaces.Discrete(2, start=5)

    chosen = family("exact", width=32)
    problem = problem_of(DQNLearner, declare(Late(), MIRROR), chosen)
    learner = DQNLearner(DQNSettings(exploration_steps=1000), chosen, problem, torch.device("cpu"), seed=0)
    found = []
    for learner.steps in (0, 99, 100, 500, 1000, 9000):
        found.append(learner.exploration)
    assert found == pytest.approx([1, 1, 0.905, 0.525, 0.05, 0.05])
    seen = np.random.default_rng(0).normal(size=(4000, 4)).astype(np.float32)
    best, tried = (learner.act(seen, None, explore=explore)[0] for explore in (False, True))
    assert set(best) == {5, 6} and 0.015 < (best != tried).mean() < 0.035  # half of the random ones are best too
    assert learner.experience(10)._box.from_env(best).min() == 0


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    (tmp_path / "poles_of_dqn.py").write_text(CART)
    monkeypatch.chdir(tmp_path)
    return "poles_of_dqn:mirror"


def settings(folder, symmetry, **keys):
    agent = DQNSettings(
        learning_rate=2e-3, batch_size=64, train_every=1, tau=0.02, exploration_steps=1000, learning_starts=200
    )
    return TrainSettings(
        env=EnvSettings("CartPole-v1", count=2),
        agent=agent,
        network=family("exact", width=32),
        symmetry=symmetry,
        total_steps=3000,
        eval_every=1500,
        eval_episodes=3,
        checkpoint_every=700,
        run_dir=str(folder),
        **keys,
    )


def test_a_gated_run_goes_on_after_a_stop(tmp_path):
    gated = replace(settings(tmp_path / "whole", None), network=family("gated", width=16), total_steps=500)
    gated = replace(gated, eval_every=250, checkpoint_every=250)
    whole = train(gated, []).metrics.read_bytes()
    halves = replace(gated, run_dir=str(tmp_path / "halves"))
    train(replace(halves, total_steps=250), [])
    assert train(replace(halves, resume=True), []).metrics.read_bytes() == whole


def test_a_run_learns_and_goes_on_after_a_stop_as_if_there_had_been_none(mirror, tmp_path, monkeypatch):
    whole = train(settings(tmp_path / "whole", mirror), ["test"])
    header, first, *_, last = (line.split(",") for line in whole.metrics.read_text().splitlines())
    row, before = dict(zip(header, last, strict=True)), dict(zip(header, first, strict=True))
    assert float(row["eval_return"]) > 5 * float(before["eval_return"])
    assert float(row["critic_equivariance_error"]) < 1e-5
    act = DQNLearner.act

    def stopped(learner, observations, memory, *, explore):
        if learner.steps == 1600:
            raise KeyboardInterrupt
        return act(learner, observations, memory, explore=explore)

    with monkeypatch.context() as patch:
        patch.setattr(DQNLearner, "act", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(settings(tmp_path / "stopped", mirror), ["test"])
    resumed = train(settings(tmp_path / "stopped", mirror, resume=True), ["test"])
    assert resumed.metrics.read_bytes() == whole.metrics.read_bytes()
    _, learner = load_learner(resumed.folder)
    assert learner.predict(np.zeros(4, dtype=np.float32))[0] in (0, 1)


def test_what_it_cannot_do_is_said():
    plain = family("plain", width=32)
    with pytest.raises(InputError, match=r"the environment has actions Box.* and agent=dqn acts in a Discrete"):
        problem_of(DQNLearner, gymnasium.make("Pendulum-v1"), plain)
    with pytest.raises(InputError, match=r"action"):
        learner_of(symmetry=Symmetry.reflection(observation=[-1] * 4, action=[-1]))
    with pytest.raises(InputError, match=r"action"):
        learner_of(symmetry=Symmetry.reflection(observation=[-1] * 4, action=[-1, -1]))
    assert len(ALONE) >= 9
    for network, reason in (
        ("mirror", "has losses that look at batches"),
        ("adaptive", "has losses that look at batches"),
        ("measured", "audits what is replayed"),
    ):
        with pytest.raises(InputError, match=rf"network={network} {reason}, which agent=dqn does not"):
            learner_of(network)
    with pytest.raises(InputError, match=r"agent.exploration_last is 2"):
        DQNSettings(exploration_last=2.0)


@pytest.mark.parametrize("network", ["relaxed", "gated"])
def test_its_policy_is_exported_without_a_trace_of_the_group(network):
    from nearsym.agents.exporting.policy import ExportedPolicy
    from nearsym.networks import RelaxedLinear

    learner = learner_of(network)
    seen = torch.randn(200, 4)
    policy = ExportedPolicy(learner)
    assert not any(isinstance(module, RelaxedLinear) for module in policy.modules())
    assert sum(numbers.numel() for numbers in policy.state_dict().values()) > 1000
    own = learner.act(seen.numpy(), None, explore=False)[0]
    assert (policy(seen).numpy() == own).mean() > 0.99 and len(set(own)) == 2
