"""The repair of a declaration: its fit against least squares, and what becomes of a policy that it is wrong about."""

import numpy as np
import pytest
import torch

from nearsym.agents import PPO, SAC
from nearsym.agents.algorithms.experience import Batch
from nearsym.envs import make
from nearsym.envs.symmetry import Representation, Symmetry
from nearsym.networks import RATE, Actor, Applied, family, transform
from nearsym.networks.families.adaptive import Repair

MIRROR = Symmetry.reflection(observation=[-1, 1], action=[-1])


def repair(rows=2, dim=3):
    group = MIRROR.group
    return Repair(Representation.trivial(group, dim))


def test_the_fit_is_that_of_least_squares():
    made = repair()
    x = torch.randn(2, 500, 3)
    y = torch.tensor([0.5, -1.0, 2.0]) * x + torch.tensor([0.3, 0.0, -0.2]) + 0.1 * torch.randn(2, 500, 3)
    multiplier, offset, explained = made.fit(y, x)
    for g in range(2):
        for i in range(3):
            slope, cut = np.polyfit(x[g, :, i].numpy(), y[g, :, i].numpy(), 1)
            assert multiplier[g, i].item() == pytest.approx(slope, abs=5e-3)
            assert offset[g, i].item() == pytest.approx(cut, abs=5e-3)
            r = np.corrcoef(x[g, :, i].numpy(), y[g, :, i].numpy())[0, 1]
            assert explained[g, i].item() == pytest.approx(r**2, abs=1e-3)


def test_actions_that_do_not_vary_leave_the_declaration():
    multiplier, _, explained = repair().fit(torch.full((2, 50, 3), 0.2), torch.zeros(2, 50, 3))
    torch.testing.assert_close(multiplier, torch.ones(2, 3))
    assert explained.max() < 1e-6


def test_unrelated_actions_are_drawn_nowhere_and_related_ones_are():
    made = repair()
    x, other = torch.randn(2, 2, 2000, 3)
    unrelated = made.mirror_loss(other, x)
    related = made.mirror_loss(-x, x)  # as it is declared the other way round, before the repair
    assert unrelated < 0.02 * related


def trained(target, weight=1.0, seen=lambda x: x, steps=300):
    """An actor that learns a function of a mirrored plane where it is seen; its error, multiplier and offset."""
    settings = family("adaptive", width=16, symmetry_weight=weight)
    rep, action = MIRROR.observation.rep, MIRROR.action
    torch.manual_seed(0)
    actor = settings.assembled("actor", lambda own: Actor(rep, action, own), None)
    groups = [{"params": g["params"], "lr": 1e-2 * g.get(RATE, 1.0)} for g in settings.parameter_groups([actor])]
    optimizer = torch.optim.Adam(groups, fused=True)
    moves = [lambda x, rep=rep: torch.cat([transform(rep, g, x) for g in range(2)]) for rep in (rep, action)]
    for _ in range(steps):
        x = seen(torch.randn(64, 2))
        loss = (actor(x)[0] - target(x)).square().mean()
        penalty = settings.regularizer(actor, torch.ones(()), Applied("actor", lambda x: actor(x)[0], x, *moves))
        optimizer.zero_grad()
        (loss + penalty).backward()
        optimizer.step()
    return actor, loss.item(), actor.repair.multiplier[1].item(), actor.repair.offset[1].item()


@pytest.mark.parametrize(
    ("target", "multiplier", "offset"),
    [
        (lambda x: torch.sin(x[:, :1]) * x[:, 1:], 1.0, 0.0),  # as declared: odd in x
        (lambda x: torch.sin(x[:, :1]) * x[:, 1:] + 0.3, 1.0, 0.6),  # f(gs) = 0.3 - a = -f(s) + 0.6
        (lambda x: x[:, :1].abs() - 1, -1.0, 0.0),  # the opposite of what is declared
    ],
)
def test_the_repair_is_what_the_policy_does(target, multiplier, offset):
    _, error, m, c = trained(target)
    assert m == pytest.approx(multiplier, abs=0.15) and c == pytest.approx(offset, abs=0.15)
    assert error < 0.02


def test_what_is_seen_on_one_side_is_carried_over():
    """The other side, of which nothing is seen, is nearer to the repaired mirror image than without the loss."""
    errors = {}
    for weight in (1.0, 0.0):
        actor, *_ = trained(lambda x: torch.sin(x[:, :1]) + 1, weight, seen=torch.abs)
        x = torch.randn(256, 2).abs()
        there, repair = actor(transform(MIRROR.observation.rep, 1, x))[0], actor.repair
        errors[weight] = (there - repair.multiplier[1] * -actor(x)[0] - repair.offset[1]).square().mean().item()
    assert errors[1.0] < 0.5 * errors[0.0]


def sac(**keys):
    return SAC(make("Pendulum-v1"), family("adaptive", width=16, **keys), seed=3, batch_size=32).learner


def test_repair_and_networks_each_have_gradients_of_their_own():
    learner = sac()
    s = torch.randn(32, 3)
    batch = Batch(s, torch.rand(32, 1), torch.zeros(32), s, torch.ones(32))
    with torch.no_grad():
        learner.actor.repair.multiplier.fill_(0.3)
    scaled = []
    for scale in (1.0, 10.0):
        loss = learner.penalised(torch.zeros(()), [learner.actor], torch.tensor(scale), batch)
        names, parameters = zip(*learner.actor.named_parameters(), strict=True)
        scaled.append(dict(zip(names, torch.autograd.grad(loss, parameters, materialize_grads=True), strict=True)))
    torch.testing.assert_close(scaled[0]["repair.multiplier"], scaled[1]["repair.multiplier"])
    first = "mlp.layers.0.weight"
    torch.testing.assert_close(10 * scaled[0][first], scaled[1][first])
    assert scaled[0][first].abs().max() > 0 < scaled[0]["repair.multiplier"].abs().max()


def test_multipliers_learn_at_a_rate_of_their_own_and_are_saved_and_shown(tmp_path):
    learner = sac(fit_lr_multiplier=7.0)
    others, apart = learner.network.parameter_groups([learner.actor])
    assert apart[RATE] == 7 and len(apart["params"]) == 2 and RATE not in others
    assert len(learner.network.parameter_groups([learner.critic])) == 1
    readings = learner.network.readings(learner.actor)
    assert sorted(readings.values()) == [0.0, 0.0, 1.0, 1.0] and learner.network.readings(learner.critic) == {}
    assert learner.network.relaxation(learner.actor) == 0
    env = make("Pendulum-v1")
    agent = SAC(env, family("adaptive", width=16), seed=0, batch_size=16, learning_starts=20).learn(60)
    agent.save(tmp_path / "agent")
    again = SAC.load(tmp_path / "agent", env, seed=0)
    moved = agent.learner.actor.repair.multiplier
    assert torch.equal(moved, again.learner.actor.repair.multiplier) and not torch.equal(moved, torch.ones(2, 1))


def test_ppo_repairs_too():
    env = make("Pendulum-v1")
    agent = PPO(env, family("adaptive", width=16), seed=0, rollout_steps=64, epochs=1).learn(64)
    assert agent.learner.updates == 1
    assert not torch.equal(agent.learner.actor.repair.multiplier, torch.ones(2, 1))
