"""Our SAC on vectors: stock stable-baselines3 as oracle, and the traps others fell into."""

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import torch

from nearsym.agents import SAC
from nearsym.agents.runs.diagnostics import equivariance_errors
from nearsym.envs import EpisodeSeeds, declare
from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import FAMILIES, Relaxed, family, relaxed_weights
from nearsym.networks.complement_linear import ComplementLinear

MIRROR = Symmetry.reflection(observation=[-1, 1], action=[-1])


class Line(gymnasium.Env):
    """A point on a line pushed towards 0; ends at |x| > 2, is cut off after 10 steps."""

    def __init__(self):
        self.observation_space = gymnasium.spaces.Box(-10, 10, (2,), np.float32)
        self.action_space = gymnasium.spaces.Box(-2, 2, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.t = float(self.np_random.uniform(-1, 1)), 0
        return self.seen(), {}

    def seen(self):
        return np.array([self.x, 0.1 * self.t], dtype=np.float32)

    def step(self, action):
        self.x += 0.5 * float(action[0])
        self.t += 1
        return self.seen(), -abs(self.x), abs(self.x) > 2, self.t >= 10, {}


def ours(name="relaxed", network=None, **hyperparameters):
    chosen = {"learning_starts": 20, "seed": 0, "batch_size": 256, **hyperparameters}
    return SAC(Line(), family(name, width=16, **(network or {})), MIRROR, **chosen)


def update(agent, times, batch_size):
    for _ in range(times):
        agent.learner.update(agent.experience.sample(batch_size))


def test_one_update_is_stock_sacs_to_rounding(monkeypatch):
    """Same weights, same batches, no sampling noise: parameters, temperature and targets must agree."""
    zeros = lambda shape, dtype, device: torch.zeros(shape, dtype=dtype, device=device)  # noqa: E731
    mine = ours("plain", learning_starts=50, tau=0.5)
    stock = stable_baselines3.SAC(
        "MlpPolicy", EpisodeSeeds(Line(), 0), policy_kwargs={"net_arch": [16, 16]}, learning_starts=50, seed=0, tau=0.5
    )
    mine.learn(50)
    stock.learn(50)
    assert np.array_equal(mine.experience.buffer.observations[:50], stock.replay_buffer.observations[:50])
    monkeypatch.setattr("torch.distributions.normal._standard_normal", zeros)
    monkeypatch.setattr("torch.randn", lambda shape, dtype, device: torch.zeros(shape, dtype=dtype, device=device))
    learner = mine.learner

    def pairs():
        """(ours, stock) parameter by parameter."""
        found = []
        actor, mlp = stock.actor, learner.actor.mlp
        layers = [(0, actor.latent_pi[0]), (1, actor.latent_pi[2])]
        found += [(mlp.layers[i], 0, layer) for i, layer in layers]
        found += [(mlp.heads[0], 0, actor.mu), (mlp.heads[1], 0, actor.log_std)]
        for a, b in ((learner.critic, stock.critic), (learner.critic_target, stock.critic_target)):
            for member in range(2):
                net, mlp = b.q_networks[member], a.mlp
                found += [(mlp.layers[i], member, net[2 * i]) for i in range(2)]
                found.append((mlp.heads[0], member, net[4]))
        return [
            pair for ours, m, theirs in found for pair in ((ours.weight[m], theirs.weight), (ours.bias[m], theirs.bias))
        ]

    with torch.no_grad():
        for a, b in pairs():
            b.copy_(a)
    before = [a.detach().clone() for a, _ in pairs()]
    np.random.seed(7)
    update(mine, 3, 32)
    np.random.seed(7)
    stock.train(gradient_steps=3, batch_size=32)
    for (a, b), old in zip(pairs(), before, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
        assert not torch.equal(a, old)
    torch.testing.assert_close(learner.temperature.log_alpha, stock.log_ent_coef[0])


@pytest.mark.parametrize("name", FAMILIES)
def test_the_output_of_the_target_network_moves(name):
    agent = ours(name, tau=0.1).learn(25)
    observation, action = torch.randn(4, 2), torch.rand(4, 1)
    with torch.no_grad():
        outputs = []
        for _ in range(3):
            outputs.append(agent.learner.critic_target(observation, action))
            with torch.enable_grad():
                update(agent, 2, 16)
    assert not torch.allclose(outputs[0], outputs[1], atol=1e-6)
    assert not torch.allclose(outputs[1], outputs[2], atol=1e-6)


def test_time_limits_bootstrap_and_terminations_do_not():
    agent = ours()
    agent.learn(200)
    buffer = agent.experience.buffer
    ended, cut = buffer.dones[:200, 0].astype(bool), buffer.timeouts[:200, 0].astype(bool)
    outside = np.abs(buffer.next_observations[:200, 0, 0]) > 2
    assert cut.any() and outside.any()
    assert (ended == (outside | cut)).all() and not (outside & cut).any()
    agent.experience.buffer.sample = lambda count: buffer._get_samples(np.arange(count))
    assert ((agent.experience.sample(200).discounts == 0).numpy() == outside).all()


def test_an_exact_policy_stays_equivariant_under_training_and_a_plain_one_does_not():
    observations, actions = torch.randn(64, 2), torch.rand(64, 1) * 2 - 1
    worst = {}
    for name in ("exact", "plain"):
        agent = ours(name)
        agent.learn(150)
        errors = equivariance_errors(agent.learner, observations, actions)
        worst[name] = {name: error.max().item() for name, error in errors.items()}
        mirrored, straight = (
            agent.predict(np.array(s, dtype=np.float32), deterministic=True)[0] for s in ([-0.5, 0.1], [0.5, 0.1])
        )
        if name == "exact":  # in the environment's own action units too
            np.testing.assert_allclose(mirrored, -straight, atol=1e-6)
    assert max(worst["exact"].values()) < 1e-5 < 1e-2 < min(worst["plain"].values())


def test_the_relaxation_penalty_holds_weights_together():
    spread = {}
    for penalty in (0.0, 10.0):
        agent = ours(network={"relaxation_penalty": penalty, "relaxed_lr_multiplier": 1.0, "relax_biases": False})
        agent.learn(250)
        weights = agent.learner.critic.mlp.layers[1].relaxed_weights.theta.detach()
        spread[penalty] = (weights.max(dim=-1).values - weights.min(dim=-1).values).max().item()
    assert spread[10.0] < 0.5 * spread[0.0]


def largest_changes(agent, module):
    """Largest change of a relaxed weight, and of any other parameter, in one update."""
    apart = {id(p) for p in relaxed_weights(module)}
    before = {p: p.detach().clone() for p in module.parameters() if p.requires_grad and p.numel()}
    np.random.seed(0)
    update(agent, 1, 32)
    changes = {True: 0.0, False: 0.0}
    for parameter, old in before.items():
        change = (parameter.detach() - old).abs().max().item()
        changes[id(parameter) in apart] = max(changes[id(parameter) in apart], change)
    return changes[True], changes[False]


@pytest.mark.parametrize("rate", [1.0, 10.0])
@pytest.mark.parametrize("name", ["actor", "critic"])
def test_sac_steps_relaxed_weights_by_their_own_rate(name, rate):
    """Adam's first step is the learning rate."""
    agent = ours(network={"relaxed_lr_multiplier": rate})
    agent.learn(20)
    weights, others = largest_changes(agent, agent.learner.networks()[name])
    assert weights == pytest.approx(rate * 3e-4, rel=1e-2)
    assert others == pytest.approx(3e-4, rel=1e-2)


def test_the_rate_does_not_grow_from_step_to_step():
    agent = ours(network={"relaxed_lr_multiplier": 10.0})
    agent.learn(20)
    for _ in range(5):
        weights, _ = largest_changes(agent, agent.learner.critic)
        assert weights < 11 * 3e-4


def test_networks_without_relaxed_weights_have_one_group():
    for name in ("plain", "exact", "rpp"):
        assert len(family(name).parameter_groups([ours(name).learner.critic])) == 1
    relaxed = ours().learner.critic
    one, two = (Relaxed(relaxed_lr_multiplier=rate).parameter_groups([relaxed]) for rate in (1.0, 10.0))
    assert len(one) == 1 and len(two) == 2
    count = lambda groups: sorted(p.numel() for group in groups for p in group["params"])  # noqa: E731
    assert count(one) == count(two)


def test_the_symmetry_is_the_environments_own():
    agent = SAC(declare(Line(), MIRROR), network="exact")
    assert agent.learner.problem.symmetry == MIRROR
    with pytest.raises(InputError, match="network=exact needs a symmetry and the environment declares none"):
        SAC(Line(), network="exact")
    with pytest.raises(SymmetryError, match="acts on 3 observation coordinates"):
        SAC(Line(), symmetry=Symmetry.reflection(observation=[-1, 1, 1], action=[-1]))
    with pytest.raises(
        InputError, match=r"SAC has no hyperparameter 'learnin_rate' \(did you mean 'learning_rate'\?\)"
    ):
        SAC(Line(), learnin_rate=1e-3)


class DictLine(gymnasium.ObservationWrapper):
    """The same line, observed by keys."""

    observation_space = gymnasium.spaces.Dict(
        position=gymnasium.spaces.Box(-10, 10, (1,), np.float32), time=gymnasium.spaces.Box(0, 10, (1,), np.float32)
    )

    def observation(self, observation):
        return {"position": observation[:1], "time": observation[1:]}


def test_dict_observations():
    symmetry = Symmetry.reflection(observation={"time": [1], "position": [-1]}, action=[-1])
    agent = SAC(declare(DictLine(Line()), symmetry), network=family("exact", width=16), learning_starts=10, seed=0)
    agent.learn(40)
    left, right = (
        agent.predict(np.float32([x, 0.3]), deterministic=True)[0]
        for x in (-1, 1)  # flattened
    )
    np.testing.assert_allclose(left, -right, atol=1e-6)
    assert np.abs(left) > 0


QUICK = ("plain", "exact", "relaxed", "augmented")
TRAINED = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in FAMILIES if name not in QUICK)]


@pytest.mark.parametrize("name", TRAINED)
def test_every_family_learns_to_stay_near_the_middle(name):
    """Random actions average -0.9 a step here and standing still -0.5; walking to 0 costs little."""
    agent = ours(name, learning_starts=100, seed=1, learning_rate=3e-3)
    agent.learn(1200)
    env, returns = Line(), []
    for seed in range(20):
        (observation, _), done, total = env.reset(seed=seed), False, 0.0
        while not done:
            observation, reward, terminated, truncated, _ = env.step(agent.predict(observation, deterministic=True)[0])
            total, done = total + reward, terminated or truncated
        returns.append(total)
    assert np.mean(returns) > -1.5


def test_a_scheduled_network_is_free_half_way_and_exact_at_the_end_and_its_clock_is_saved():
    agent = ours("scheduled", {"relaxed_updates": 40})
    x, a = torch.randn(16, 2), torch.rand(16, 1)
    errors = {}
    for steps in (40, 70):  # learning starts after 20; the 41st update is the first of an exact network
        agent.learn(steps - agent.learner.steps)
        found = equivariance_errors(agent.learner, x, a)
        errors[steps] = found["actor"].max(), found["critic"].max()
    assert min(errors[40]) > 1e-3 and max(errors[70]) < 1e-4
    learner = agent.learner
    networks = [learner.actor, learner.critic, learner.critic_target]
    clocks = [clock for network in networks for clock in learner.network.clocks(network)]
    assert {float(clock) for clock in clocks} == {learner.updates - 1.0}
    again = ours("scheduled", {"relaxed_updates": 40}).learner
    again.load_state_dict(learner.state_dict())
    assert {float(clock) for clock in again.network.clocks(again.critic)} == {learner.updates - 1.0}


def test_critics_of_another_family_have_its_layers_penalties_and_rates(monkeypatch):
    agent = ours("relaxed", {"critic": "complement"})
    learner = agent.learner
    assert relaxed_weights(learner.actor) and not relaxed_weights(learner.critic)
    assert all(type(layer) is ComplementLinear for layer in learner.critic.mlp.layers)
    assert all(type(layer) is ComplementLinear for layer in learner.critic_target.mlp.layers)
    assert len(learner.optimizers()["actor"].state_dict()["param_groups"]) == 2  # relaxed weights apart
    assert len(learner.optimizers()["critic"].state_dict()["param_groups"]) == 1
    asked = []
    for kind in (Relaxed, FAMILIES["complement"]):
        name = kind.family
        monkeypatch.setattr(kind, "regularizer", lambda self, module, *rest, name=name: asked.append((name, module)))
    agent.learn(21)
    assert asked == [("complement", learner.encoder), ("complement", learner.critic), ("relaxed", learner.actor)]


def test_an_exact_actor_with_plain_critics_keeps_the_symmetry_and_a_plain_actor_with_exact_critics_does_not():
    errors = {}
    x, a = torch.randn(16, 2), torch.rand(16, 1)
    for name, critic in (("exact", "plain"), ("plain", "exact")):
        agent = ours(name, {"critic": critic}).learn(40)
        errors[name] = {key: value.max() for key, value in equivariance_errors(agent.learner, x, a).items()}
    assert errors["exact"]["actor"] < 1e-4 < 1e-2 < errors["exact"]["critic"]
    assert errors["plain"]["critic"] < 1e-4 < 1e-2 < errors["plain"]["actor"]


def test_a_plain_actor_with_exact_critics_needs_a_symmetry():
    with pytest.raises(InputError, match="network=plain-critic-exact needs a symmetry"):
        SAC(Line(), family("plain", critic="exact"), learning_starts=20)
