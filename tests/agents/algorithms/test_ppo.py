"""PPO of ours beside stable-baselines3's, in runs that go on after a stop, with augmented orbits and a mirror loss."""

import copy

import gymnasium
import numpy as np
import pytest
import stable_baselines3
import torch

import nearsym
from nearsym.agents import SymmetricActorCriticPolicy
from nearsym.agents.algorithms.interaction import interact
from nearsym.agents.algorithms.on_policy import RolloutBatch
from nearsym.agents.algorithms.ppo import PPOLearner, PPOSettings
from nearsym.agents.runs.build import problem_of
from nearsym.agents.runs.evaluation import load_learner
from nearsym.agents.runs.many_seeds import check_alike
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import declare, vectorised
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import family

QUARTER, MIRROR = [[0, -1], [1, 0]], [[1, 0], [0, -1]]
SQUARE = Symmetry.generated(observation=[QUARTER, MIRROR], action=[QUARTER, MIRROR])
FOUR = Symmetry.generated(observation=[QUARTER, MIRROR], action=[[3, 0, 1, 2], [0, 3, 2, 1]])
STEPS = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)


class Table(gymnasium.Env):
    """A coin on a square table: off the edge ends an episode, and so does time."""

    observation_space = gymnasium.spaces.Box(-9, 9, (2,), np.float32)

    def __init__(self, discrete=False):
        self.discrete = discrete
        self.action_space = gymnasium.spaces.Discrete(4) if discrete else gymnasium.spaces.Box(-1, 1, (2,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at, self.steps = self.np_random.uniform(-1, 1, 2).astype(np.float32), 0
        return self.at, {}

    def step(self, action):
        self.at = self.at + 0.3 * (STEPS[action] if self.discrete else np.asarray(action, dtype=np.float32))
        self.steps += 1
        return self.at, -float(np.linalg.norm(self.at)), bool(np.abs(self.at).max() > 1.1), self.steps == 9, {}


def learner_in(envs, network="exact", discrete=False, **keys):
    settings = PPOSettings(**{"rollout_steps": 48, "batch_size": 16, "epochs": 2, **keys})
    env = declare(Table(discrete), FOUR if discrete else SQUARE)
    chosen = family(network, width=32)
    problem = problem_of(PPOLearner, env, chosen, envs)
    return PPOLearner(settings, chosen, problem, torch.device("cpu"), seed=0)


class Recorded:
    """A rollout kept from being learned from."""

    def __init__(self, learner, count, discrete):
        self.learner, self.experience, self.steps = learner, learner.experience(), []
        for i, env in enumerate(envs := [Table(discrete) for _ in range(count)]):
            env.reset(seed=i)
        self.before = copy.deepcopy(learner.state_dict())
        add = self.experience.add
        self.experience.add = lambda step: (add(step), self.steps.append((step, learner.drawn)))
        update, learner.update = learner.update, lambda batch: {}
        interaction = interact(learner, vectorised(*envs), self.experience)
        for _ in range(learner.settings.rollout_steps):
            next(interaction)
        learner.update = update
        learner.load_state_dict(self.before)
        self.whole = self.experience._whole()
        self.experience._position = learner.settings.rollout_steps  # full, as before `due`


def stock_like(learner, discrete, count):
    """Stock PPO with the same weights."""
    symmetry, s = FOUR if discrete else SQUARE, learner.settings
    env = stable_baselines3.common.vec_env.DummyVecEnv([lambda: Table(discrete)] * count)
    keys = {"n_steps": s.rollout_steps, "batch_size": s.batch_size, "n_epochs": s.epochs, "ent_coef": 0.01}
    policy = {"symmetry": symmetry, "network": learner.network}
    agent = stable_baselines3.PPO(SymmetricActorCriticPolicy, env, policy_kwargs=policy, device="cpu", **keys)
    agent.policy.action_net.load_state_dict(learner.actor.state_dict())
    agent.policy.value_net.load_state_dict(learner.critic.state_dict())
    agent.set_logger(stable_baselines3.common.logger.configure(None, []))
    agent._current_progress_remaining = 1.0
    return agent


def fill(agent, recorded):
    """Stock's own buffer and sums, from the same steps, by stock's own policy."""
    starts, gamma = np.ones(recorded.steps[0][0].rewards.shape), agent.gamma
    for step, drawn in recorded.steps:
        observations, actions = torch.as_tensor(step.observations), torch.as_tensor(drawn)
        with torch.no_grad():
            values, log_probs, _ = agent.policy.evaluate_actions(observations, actions)
            last = agent.policy.predict_values(torch.as_tensor(step.next_observations))
        cut_off = step.truncated & ~step.terminated
        rewards = step.rewards + gamma * cut_off * last.numpy().ravel()
        agent.rollout_buffer.add(step.observations, drawn, rewards, starts, values, log_probs)
        starts = step.ended.astype(float)
    agent.rollout_buffer.compute_returns_and_advantage(last, step.ended)


@pytest.mark.parametrize("discrete", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_advantages_and_updates_are_stocks(discrete, count):
    learner = learner_in(count, discrete=discrete, entropy_coefficient=0.01)
    recorded = Recorded(learner, count, discrete)
    assert {bool(flag) for step, _ in recorded.steps for flag in step.terminated} == {True, False}
    assert any((step.truncated & ~step.terminated).any() for step, _ in recorded.steps)
    agent = stock_like(learner, discrete, count)
    fill(agent, recorded)
    buffer, whole = agent.rollout_buffer, recorded.whole
    for ours, stocks in (("advantages", "advantages"), ("returns", "returns"), ("log_probs", "log_probs")):
        expected = getattr(buffer, stocks).ravel()
        np.testing.assert_allclose(getattr(whole, ours).numpy(), expected, rtol=1e-4, atol=1e-4)
    if count > 1:
        return  # stock puts one environment's steps after the other's before it draws batches
    np.random.seed(7)
    agent.train()
    np.random.seed(7)
    for batch in recorded.experience.due(0, 48):
        learner.update(batch)
    for module, other in ((agent.policy.action_net, learner.actor), (agent.policy.value_net, learner.critic)):
        for (name, expected), found in zip(module.state_dict().items(), other.state_dict().values(), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=2e-5, msg=name)
    fresh = recorded.before["networks"]["actor"]
    assert not all(torch.equal(value, fresh[name]) for name, value in learner.actor.state_dict().items())
    if not discrete:
        torch.testing.assert_close(learner.distribution.log_std(), agent.policy.log_std)


def test_an_episode_cut_off_is_valued_as_if_it_went_on():
    """By hand: one step that pays 1, after which V is 10; γ = 0.5, V before it 2."""
    from nearsym.agents.algorithms.on_policy import advantages_of

    column = lambda value, kind=float: np.array([[value]], dtype=kind)  # noqa: E731
    for terminated, expected in ((False, 1 + 5 - 2), (True, 1 - 2)):
        found = advantages_of(column(1), column(2), column(10), column(terminated, bool), column(True, bool), 0.5, 0.9)
        assert found.item() == expected


def batch_of(discrete):
    generator = torch.Generator().manual_seed(1)
    observations = torch.randn(12, 2, generator=generator)
    actions = torch.randint(4, (12,), generator=generator) if discrete else torch.randn(12, 2, generator=generator)
    return RolloutBatch(observations, actions, *torch.randn(3, 12, generator=generator))


@pytest.mark.parametrize("discrete", [False, True])
def test_augmented_batches_are_whole_orbits(discrete):
    """Beside dense matrices, one element after the other."""
    symmetry, batch = FOUR if discrete else SQUARE, batch_of(discrete)
    orbits = learner_in(1, "augmented", discrete)._with_orbits(batch)
    for g in range(8):
        row = slice(12 * g, 12 * g + 12)
        observation, action = (
            torch.tensor(rep.matrix[g]).float() for rep in (symmetry.observation.rep, symmetry.action)
        )
        torch.testing.assert_close(orbits.observations[row], batch.observations @ observation.T)
        if discrete:
            expected = torch.stack([(action @ torch.eye(4)[a]).argmax() for a in batch.actions])
            assert torch.equal(orbits.actions[row], expected)
        else:
            torch.testing.assert_close(orbits.actions[row], batch.actions @ action.T)
        for same in ("log_probs", "advantages", "returns"):
            assert torch.equal(getattr(orbits, same)[row], getattr(batch, same))


@pytest.mark.parametrize("discrete", [False, True])
def test_a_mirror_loss_is_the_policys_equivariance_error(discrete):
    symmetry, observations = FOUR if discrete else SQUARE, batch_of(discrete).observations
    found = {}
    for network in ("plain", "exact"):
        learner = learner_in(1, network, discrete)
        by_hand = 0.0
        for g in range(8):
            observation, action = (
                torch.tensor(rep.matrix[g]).float() for rep in (symmetry.observation.rep, symmetry.action)
            )
            here, there = learner.outputs(observations), learner.outputs(observations @ observation.T)
            if discrete:
                here, there = here.softmax(-1), there.softmax(-1)
            by_hand += (there - here @ action.T).square().sum(-1).mean() / 8
        found[network] = learner.mirror_loss(observations)
        torch.testing.assert_close(found[network], by_hand, rtol=1e-4, atol=1e-8)
    assert found["exact"] < 1e-9 < 1e-4 < found["plain"]


@pytest.mark.parametrize(
    ("network", "mirror", "less"), [("plain", 0, False), ("plain", 10, True), ("augmented", 0, True)]
)
def test_augmentation_and_mirror_loss_teach_a_plain_network_the_symmetry(network, mirror, less):
    """Advantages that favour one side only; without either the network becomes less equivariant, not more."""
    learner, batch = learner_in(1, network, mirror=mirror, learning_rate=1e-3), batch_of(False)
    with torch.no_grad():
        log_probs = learner.distribution.log_prob(learner.outputs(batch.observations), batch.actions)
        returns = batch.returns if network == "plain" else 0 * batch.returns
    batch = batch._replace(log_probs=log_probs, returns=returns)
    before = learner.mirror_loss(batch.observations).item()
    for _ in range(60):
        learner.update(batch)
    assert (learner.mirror_loss(batch.observations).item() < 0.6 * before) == less


CART = "from nearsym import Symmetry\nmirror = Symmetry.reflection(observation=[-1] * 4, action=[1, 0])\n"


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    (tmp_path / "poles.py").write_text(CART)
    monkeypatch.chdir(tmp_path)
    return "poles:mirror"


def settings(folder, network, symmetry, steps=2600, **keys):
    return TrainSettings(
        env=EnvSettings("CartPole-v1", count=2),
        agent=PPOSettings(normalise=True, learning_rate=2e-3, rollout_steps=128, batch_size=128, epochs=8),
        network=family(network, width=32),
        symmetry=symmetry,
        total_steps=steps,
        eval_every=steps // 2,
        eval_episodes=3,
        checkpoint_every=500,
        run_dir=str(folder),
        **keys,
    )


def test_a_run_learns_keeps_its_law_and_goes_on_after_a_stop_as_if_there_had_been_none(mirror, tmp_path, monkeypatch):
    whole = train(settings(tmp_path / "whole", "exact", mirror), ["test"])
    header, first, *_, last = (line.split(",") for line in whole.metrics.read_text().splitlines())
    row, before = dict(zip(header, last, strict=True)), dict(zip(header, first, strict=True))
    assert float(row["eval_return"]) > 5 * float(before["eval_return"])
    assert float(row["actor_equivariance_error"]) < 1e-5 and float(row["critic_equivariance_error"]) < 1e-5
    explore = PPOLearner.explore

    def stopped(learner, observations, memory):
        if learner.steps == 1400:  # in the middle of a rollout, past a checkpoint at 1000
            raise KeyboardInterrupt
        return explore(learner, observations, memory)

    with monkeypatch.context() as patch:
        patch.setattr(PPOLearner, "explore", stopped)
        with pytest.raises(KeyboardInterrupt):
            train(settings(tmp_path / "stopped", "exact", mirror), ["test"])
    resumed = train(settings(tmp_path / "stopped", "exact", mirror, resume=True), ["test"])
    assert resumed.metrics.read_bytes() == whole.metrics.read_bytes()
    _, learner = load_learner(resumed.folder)
    assert learner.predict(np.zeros(4, dtype=np.float32))[0] in (0, 1)
    other = train(settings(tmp_path / "other", "exact", mirror, seed=1), ["test"])
    assert other.metrics.read_bytes() != whole.metrics.read_bytes()


@pytest.mark.parametrize("network", ["exact", "plain"])
def test_normalised_policies_keep_their_law_and_change_between_updates_alone(network):
    learner = learner_in(1, network, normalise=True)
    experience, rep = learner.experience(), SQUARE.observation.rep
    env = Table()
    env.reset(seed=0)
    interaction, counts, updated = interact(learner, vectorised(env), experience), [], []
    update = learner.update
    learner.update = lambda batch: (updated.append(int(learner.normaliser.count)), update(batch))[1]
    for _ in range(100):
        next(interaction)
        counts.append(int(learner.normaliser.count))
    assert counts == [0] * 47 + [48] * 48 + [96] * 5 and updated == [0] * 6 + [48] * 6
    seen = torch.randn(20, 2) * torch.tensor([3.0, 0.2]) + 1
    with torch.no_grad():
        here, moves = learner.outputs(seen), [torch.tensor(m).float().T for m in rep.matrix]
        gap = max((learner.outputs(seen @ move) - here @ move).abs().max().item() for move in moves)
        assert (gap < 1e-5) == (network == "exact")
        expected = torch.tensor(learner.normaliser._statistics.normalise(seen.numpy())).float()
        torch.testing.assert_close(learner.normaliser(seen), expected, rtol=1e-4, atol=1e-5)
        again = learner_in(1, network, normalise=True)
        assert not torch.allclose(again.outputs(seen), here)
        again.load_state_dict(copy.deepcopy(learner.state_dict()))
        assert torch.equal(again.outputs(seen), here)


def test_in_python_it_is_saved_and_loaded(tmp_path):
    env = declare(Table(), SQUARE)
    keys = {"rollout_steps": 32, "epochs": 1, "seed": 0}
    agent = nearsym.PPO(env, network=family("relaxed", width=16), **keys).learn(70)
    assert agent.learner.updates == 2
    agent.save(tmp_path / "agent")
    again = nearsym.PPO.load(tmp_path / "agent", env, seed=0)
    seen = np.array([0.3, -0.4], dtype=np.float32)
    np.testing.assert_array_equal(again.predict(seen)[0], agent.predict(seen)[0])
    assert torch.equal(again.learner.distribution.log_std(), agent.learner.distribution.log_std())
    assert not np.array_equal(
        nearsym.PPO(env, network=family("relaxed", width=16), **keys).predict(seen)[0], agent.predict(seen)[0]
    )


def test_what_it_cannot_do_is_said(tmp_path, mirror):
    with pytest.raises(InputError, match=r"make 256 steps before the first update, and the run has 200; lower it"):
        train(settings(tmp_path / "short", "exact", mirror, steps=200), ["test"])
    with pytest.raises(InputError, match=r"agent\.mirror=1 needs a symmetry"):
        nearsym.PPO(Table(), network="plain", mirror=1.0)
    with pytest.raises(InputError, match=r"agent\.gae_lambda is 2, expected"):
        PPOSettings(gae_lambda=2)
    reflected = declare(Table(), Symmetry.reflection(observation=[-1, 1], action=[-1, 1]))
    with pytest.raises(InputError, match=r"network\.critic=plain is for agents with replay"):
        nearsym.PPO(reflected, network=family("exact", critic="plain"))
    with pytest.raises(InputError, match="network=scheduled counts updates from replay"):
        nearsym.PPO(reflected, network="scheduled")
    sixth = np.array([[0.5, -np.sqrt(0.75)], [np.sqrt(0.75), 0.5]])
    turned = declare(Table(), Symmetry.generated(observation=[sixth], action=[sixth]))
    with pytest.raises(InputError, match="clips actions to a box, which does not commute with the dense matrices"):
        nearsym.PPO(turned, network="exact")
    swaps = [np.roll(np.arange(12), 1), [1, 0, *range(2, 12)]]
    many = Symmetry.generated(observation=swaps, action=swaps)
    spaces = {
        "observation_space": gymnasium.spaces.Box(-1, 1, (12,)),
        "action_space": gymnasium.spaces.Box(-1, 1, (12,)),
    }
    crowd = declare(type("Crowd", (gymnasium.Env,), spaces)(), many)
    with pytest.raises(
        InputError, match=r"network=augmented learns from every element, and those of .* are not listed"
    ):
        nearsym.PPO(crowd, network="augmented")
    with pytest.raises(InputError, match="agent=ppo trains one seed at a time"):
        check_alike([settings(tmp_path, "exact", mirror, seed=s) for s in (0, 1)])
