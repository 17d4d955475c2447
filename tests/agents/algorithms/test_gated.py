"""Gated networks: their mixture against numerical normalisation, their gate against worlds that are known."""

import copy

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import torch

from nearsym.agents import PPO, SAC, DrQv2, SymmetricSACPolicy
from nearsym.agents.algorithms.experience import Batch
from nearsym.agents.algorithms.problem import Problem
from nearsym.agents.algorithms.sac import SACLearner, SACSettings
from nearsym.agents.runs.diagnostics import equivariance_errors, parameter_summary
from nearsym.agents.runs.evaluation import policy_of
from nearsym.agents.runs.inspection import inspect_learner
from nearsym.envs import make, symmetry_of
from nearsym.envs.auditing import sample_transitions
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry, Window
from nearsym.networks import family, parameter_count
from nearsym.networks.families.gated import geometric_mixture
from nearsym.networks.gate import CLOSED, Gate, TransitionGate, broken

MIRROR = Symmetry.reflection(observation=[-1, 1], action=[-1])


def sac(env="dmc/point_mass-easy", seed=3, width=16, **keys):
    settings = {"batch_size": 64, "learning_rate": 3e-3}
    return SAC(make(env), family("gated", width=width, **keys), seed=seed, **settings).learner


def test_the_geometric_mixture_of_squashed_gaussians_by_numerical_normalisation():
    """π_E^(1-w) π_N^w on a fine grid of actions, normalised by its sum, against the formula's squashed Gaussian."""
    u = torch.linspace(-9, 9, 200_001, dtype=torch.float64)
    cells, middle = torch.tanh(u).diff(), (u[1:] + u[:-1]) / 2
    jacobian = (1 - torch.tanh(middle).square()).log()

    def log_density(mean, log_std):
        return torch.distributions.Normal(mean, log_std.exp()).log_prob(middle) - jacobian

    one, other = (torch.tensor(pair, dtype=torch.float64) for pair in ((-0.8, -1.0), (0.9, 0.1)))
    for w in (0.02, 0.4, 0.97):
        unnormalised = ((1 - w) * log_density(*one) + w * log_density(*other)).exp()
        expected = unnormalised / (unnormalised * cells).sum()
        mean, log_std = geometric_mixture(tuple(one[:, None]), tuple(other[:, None]), torch.tensor([w]).double())
        found = log_density(mean, log_std).exp()
        assert ((found - expected).abs() * cells).sum() < 1e-6
        linear = log_density((1 - w) * one[0] + w * other[0], (1 - w) * one[1] + w * other[1]).exp()
        assert ((linear - expected).abs() * cells).sum() > 1e-2  # mixing means is something else


def test_at_either_end_one_policy_is_left():
    one, other = (torch.randn(2, 4, 3).unbind(0) for _ in range(2))
    for weight, expected in ((0.0, one), (1.0, other)):
        for found, wanted in zip(geometric_mixture(one, other, torch.full((4, 1), weight)), expected, strict=True):
            torch.testing.assert_close(found, wanted, atol=1e-2, rtol=1e-2)
            assert found.isfinite().all()


def opened(learner, by=3.0):
    """The same with gates that depend on state and action, and free networks that have moved."""
    torch.manual_seed(5)
    with torch.no_grad():
        for p in learner.auxiliary.parameters():
            if p.requires_grad:
                p.add_(0.2 * torch.randn_like(p))
        for mlp in (learner.auxiliary.gate.gate, learner.auxiliary.upper):
            mlp.heads[0].bias += by
        for net in (learner.actor, learner.critic):
            for p in net.free.parameters():
                p.add_(0.1 * torch.randn_like(p))
    return learner


def test_values_and_policy_are_mixtures_of_two_networks():
    learner = opened(sac())
    s, a = torch.randn(8, 4), torch.rand(8, 2) * 2 - 1
    weight = learner.auxiliary.of(s, a)
    assert weight.std() > 1e-3 and not weight.requires_grad
    torch.testing.assert_close(
        learner.critic(s, a), (1 - weight) * learner.critic.equivariant(s, a) + weight * learner.critic.free(s, a)
    )
    upper = learner.auxiliary.over_actions(s)[:, None]
    (m, log_m), (n, log_n) = learner.actor.equivariant(s), learner.actor.free(s)
    precision = (1 - upper) / (2 * log_m).exp() + upper / (2 * log_n).exp()
    mean, log_std = learner.actor(s)
    torch.testing.assert_close(log_std, -0.5 * precision.log())
    torch.testing.assert_close(mean, ((1 - upper) * m / (2 * log_m).exp() + upper * n / (2 * log_n).exp()) / precision)


@pytest.mark.parametrize("env", ["dmc/point_mass-easy", "Pendulum-v1"])
def test_it_starts_equivariant_and_leaves_that_through_the_gate(env):
    learner = sac(env)
    rep, action = learner.observation_rep, learner.problem.symmetry.action
    s, a = torch.randn(32, rep.dim), torch.rand(32, action.dim) * 2 - 1
    assert max(error.max() for error in equivariance_errors(learner, s, a).values()) < 1e-5
    s_, a_ = s.clone(), a.clone()
    assert torch.sigmoid(torch.tensor(CLOSED)).item() == pytest.approx(learner.auxiliary.of(s_, a_)[0].item())
    assert min(error.max() for error in equivariance_errors(opened(learner), s, a).values()) > 1e-2


def test_windows_of_time_are_read_by_both():
    """Each by convolutions of its own, the free ones starting alike."""
    symmetry = Symmetry(MIRROR.group, Window(MIRROR.observation.rep, 8), MIRROR.action)
    space = gymnasium.spaces.Box(-np.inf, np.inf, (symmetry.observation.dim,), np.float32)
    problem = Problem(space, gymnasium.spaces.Box(-1, 1, (1,)), symmetry)
    settings = SACSettings(batch_size=8)
    learner = SACLearner(settings, family("gated", width=16, window_channels=4), problem, torch.device("cpu"), seed=0)
    assert parameter_count(learner.actor.equivariant.trunk) > 0 < parameter_count(learner.actor.free.trunk)
    s, a = torch.randn(16, symmetry.observation.dim), torch.rand(16, 1)
    assert max(error.max() for error in equivariance_errors(learner, s, a).values()) < 1e-5
    assert min(error.max() for error in equivariance_errors(opened(learner), s, a).values()) > 1e-3


def gate(threshold=10.0, width=16):
    torch.manual_seed(0)
    return Gate(MIRROR.observation.rep, [MIRROR.action], family("gated", width=width), threshold)


def trained_gate(target, noise=0.0, steps=300):
    """λ on both sides, of a function of (x, y) that should change its sign with x."""
    made = gate()
    optimizer = torch.optim.Adam(made.parameters(), lr=5e-3, fused=True)
    for _ in range(steps):
        x = torch.randn(128, 2)
        y = target(x)
        optimizer.zero_grad()
        made.loss(x, y + noise * torch.randn_like(y)).backward()
        optimizer.step()
    x = torch.randn(2000, 2)
    return x, made(x)


def odd(x):
    return torch.sin(2 * x[:, :1])


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_gate_stays_shut_where_the_symmetry_holds_and_opens_where_it_does_not(noise):
    x, whole = trained_gate(odd, noise)
    assert whole.mean() < 0.1
    _, reversed_ = trained_gate(lambda x: odd(x).abs() + 1, noise)
    assert reversed_.mean() > 0.6
    high = x[:, 1] > 0
    x, half = trained_gate(lambda x: odd(x) + 2 * (x[:, 1:] > 0), noise)
    high = x[:, 1] > 0.3
    low = x[:, 1] < -0.3
    assert half[high].mean() > 0.7 > 0.3 > half[low].mean()


def test_labels_by_hand():
    equivariant = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.0, 3.0], [4.0, 0.0]])
    free = torch.zeros(4, 2)
    y = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    # errors of the free one: (1, 0, 0, 0) with mean ¼, and (0, 0, 0, 4) with mean 1
    y = torch.maximum(y.square(), torch.tensor([0.25, 1.0]))
    assert broken(equivariant, free, y, 10.0).tolist() == [0, 0, 0, 1]  # 9 ≤ 10 · 1, and 16 > 10 · ¼
    assert broken(equivariant, free, y, 8.0).tolist() == [0, 0, 1, 1]
    assert broken(equivariant, free, y, 65.0).tolist() == [0, 0, 0, 0]


def test_the_upper_expectile_over_actions():
    """One state, λ uniform on (0, 1) over actions: the expectile u of τ solves τ E(λ-u)⁺ = (1-τ) E(u-λ)⁺."""
    auxiliary = TransitionGate(MIRROR.observation.rep, MIRROR.action, family("gated", width=16), 10.0, 0.9)
    auxiliary.gate.forward = lambda x: (x[:, 2] + 1) / 2
    optimizer = torch.optim.Adam(auxiliary.upper.parameters(), lr=1e-2)
    torch.manual_seed(0)
    for _ in range(200):
        s = torch.ones(128, 2)
        batch = Batch(s, torch.rand(128, 1) * 2 - 1, torch.zeros(128), s, torch.ones(128))
        optimizer.zero_grad()
        auxiliary.loss(batch).backward()
        optimizer.step()
    # 0.9 (1-u)² = 0.1 u²  ⇒  u = 3/4
    assert auxiliary.over_actions(torch.ones(1, 2)).item() == pytest.approx(0.75, abs=0.03)


def test_the_gate_learns_from_transitions_alone():
    """Its step is the same whatever critics and actor are, and theirs leaves it as it is."""
    learner, other = sac(), sac()
    with torch.no_grad():
        for p in (*other.actor.parameters(), *other.critic.parameters()):
            p.mul_(2)
    s, t = torch.randn(2, 64, 4)
    batch = Batch(s, torch.rand(64, 2), torch.randn(64), t, torch.full((64,), 0.99))
    before = copy.deepcopy(learner.auxiliary.state_dict())
    for each in (learner, other):
        torch.manual_seed(0)
        each.update(batch)
    for name, tensor in learner.auxiliary.state_dict().items():
        torch.testing.assert_close(tensor, other.auxiliary.state_dict()[name])
    assert not torch.equal(before["gate.gate.heads.0.bias"], learner.auxiliary.state_dict()["gate.gate.heads.0.bias"])
    learner.auxiliary_optimizer.minimize = lambda objective: ()
    still = copy.deepcopy(learner.auxiliary.state_dict())
    learner.update(batch)
    trained = [name for name, p in learner.auxiliary.named_parameters() if p.requires_grad]
    assert all(torch.equal(still[name], learner.auxiliary.state_dict()[name]) for name in trained)


def test_scales_are_those_of_all_batches():
    learner = sac()
    changes = []
    for seed in range(3):
        torch.manual_seed(seed)
        s, change = torch.randn(64, 4), torch.tensor([1.0, 10.0, 0.1, 1.0]) * torch.randn(64, 4)
        changes.append(torch.cat([change, torch.full((64, 1), 7.0)], dim=1))
        learner.update(Batch(s, torch.rand(64, 2), torch.full((64,), 7.0), s + change, torch.full((64,), 0.99)))
    expected = torch.cat(changes).square().mean(0)
    torch.testing.assert_close(learner.auxiliary.scale.square.data, expected, rtol=1e-3, atol=1e-5)
    assert learner.auxiliary.scale.count.item() == 3


def test_what_is_saved_goes_on_as_if_it_had_not_stopped(tmp_path):
    env, keys = make("Pendulum-v1"), {"batch_size": 16, "learning_starts": 20}
    agent = SAC(env, family("gated", width=16), seed=0, **keys).learn(60)
    agent.save(tmp_path / "agent")
    again = SAC.load(tmp_path / "agent", env, seed=0)
    seen = np.array([0.3, -0.4, 0.2], dtype=np.float32)
    np.testing.assert_array_equal(again.predict(seen)[0], agent.predict(seen)[0])
    for name, tensor in agent.learner.auxiliary.state_dict().items():
        assert torch.equal(tensor, again.learner.auxiliary.state_dict()[name])
    assert again.learner.auxiliary.scale.count.item() > 0


def test_counts_and_readings():
    learner = sac()
    parts = sum(parameter_count(network) for network in learner.networks().values())
    summary = parameter_summary(learner)
    assert f"gated {parts:,} (this run)" in summary and "plain" in summary and "exact" in summary
    assert learner.network.readings(learner.auxiliary) == {} == learner.network.readings(learner.actor)
    shut = inspect_learner(sac("Pendulum-v1"), make("Pendulum-v1"), samples=10, seed=0).readings
    assert shut["given_up"]["auxiliary"] == 0 and shut["gate"]["auxiliary"] == pytest.approx(0.018, abs=1e-3)
    inspection = inspect_learner(opened(sac("Pendulum-v1"), by=9.0), make("Pendulum-v1"), samples=10, seed=0)
    assert set(inspection.readings) == {"gate", "gate_over_actions", "given_up"}
    assert inspection.readings["given_up"]["auxiliary"] > 0.8


def test_readings_are_taken_of_what_networks_read():
    env = make("Pendulum-v1")
    learner = SAC(env, family("gated", width=16), seed=0, normalise=True).learner
    learner.normaliser.update(np.random.default_rng(0).normal(size=(50, 3)) * [1, 1, 9])
    with torch.no_grad():
        for parameter in learner.auxiliary.gate.gate.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape))
    found = inspect_learner(learner, env, samples=20, seed=0).readings["gate"]["auxiliary"]
    sampled = sample_transitions(env, 20, 0, policy_of(learner))
    seen, acted = (torch.as_tensor(each, dtype=torch.float32) for each in (sampled.observations, sampled.actions / 2))
    assert found == pytest.approx(learner.auxiliary.of(learner.normaliser(seen), acted).mean().item(), abs=1e-6)
    assert found != pytest.approx(learner.auxiliary.of(seen, acted).mean().item(), abs=1e-4)


def test_where_it_does_not_work_it_says_so():
    pendulum = make("Pendulum-v1")
    with pytest.raises(InputError, match=r"network=gated learns from replayed transitions; use agent=sac, or another"):
        PPO(pendulum, "gated")
    with pytest.raises(InputError, match=r"network=gated predicts what is observed next, and does not do so of images"):
        DrQv2(make("dmc/cartpole-balance", pixels=True, size=21), "gated", features=8, filters=4)
    with pytest.raises(InputError, match=r"network.critic=gated needs what is learned beside actors of its own kind"):
        SAC(pendulum, family("exact", critic="gated"))
    with pytest.raises(InputError, match=r"network=gated has losses that look at batches, which stable-baselines3"):
        policy = {"symmetry": symmetry_of(pendulum), "network": "gated"}
        stable_baselines3.SAC(SymmetricSACPolicy, pendulum, policy_kwargs=policy)


def test_actors_alone_may_be_gated():
    learner = SAC(make("Pendulum-v1"), family("gated", width=16, critic="plain"), seed=0).learner
    assert set(learner.networks()) == {"actor", "critic", "auxiliary"}
    assert not hasattr(learner.critic, "free") and hasattr(learner.actor, "free")
