"""Agents in folders: saved, loaded and learning on, and those of runs for a few lines of Python."""

import json
import shutil

import gymnasium
import numpy as np
import pytest
import torch

import nearsym
from nearsym.agents import SAC, DrQv2
from nearsym.agents.runs.build import build_env
from nearsym.agents.runs.evaluation import evaluate_run, returns_of
from nearsym.agents.runs.folder import Run
from nearsym.agents.runs.settings import EvaluateSettings
from nearsym.envs import EpisodeSeeds
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import family
from nearsym.scripts.main import run as command

MIRROR = Symmetry.reflection(observation=[-1, 1], action=[-1])


class Line(gymnasium.Env):
    """A point on a line pushed towards 0, cut off after 7 steps."""

    observation_space = gymnasium.spaces.Box(-10, 10, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-2, 2, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x, self.t = float(self.np_random.uniform(-1, 1)), 0
        return np.array([self.x, 0], np.float32), {}

    def step(self, action):
        self.x, self.t = self.x + 0.1 * float(action[0]), self.t + 1
        return np.array([self.x, 0.1 * self.t], np.float32), -abs(self.x), False, self.t == 7, {}


def ours(network="relaxed", **changes):
    return SAC(Line(), family(network, width=8), MIRROR, seed=0, learning_starts=10, batch_size=8, **changes)


def states(agent):
    found = [tensor for one in agent.learner.networks().values() for tensor in one.state_dict().values()]
    return [*found, *agent.learner.targets()["critic_target"].state_dict().values()]


@pytest.mark.parametrize(("network", "n_steps"), [("relaxed", 1), ("plain", 3)])
def test_a_saved_agent_acts_and_learns_on(tmp_path, network, n_steps):
    agent = ours(network, n_steps=n_steps).learn(24)  # in the middle of an episode
    agent.save(tmp_path / "agent")
    loaded = SAC.load(tmp_path / "agent", Line(), MIRROR, seed=1)
    observations = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    np.testing.assert_array_equal(loaded.predict(observations)[0], agent.predict(observations)[0])
    assert all(torch.equal(a, b) for a, b in zip(states(loaded), states(agent), strict=True))
    assert (loaded.learner.steps, loaded.learner.updates, loaded.experience.stored) == (24, 14, 24)
    buffer = loaded.experience.buffer  # returns of several steps end where the episode was left
    assert buffer.dones[23, 0] == 1 and buffer.timeouts[23, 0] == 1
    loaded.learn(20)
    assert loaded.learner.updates == 34
    assert not all(torch.equal(a, b) for a, b in zip(states(loaded), states(agent), strict=True))


def test_saving_again_replaces_it(tmp_path):
    agent = ours().learn(15)
    agent.save(tmp_path / "agent")
    with torch.no_grad():
        next(agent.learner.actor.parameters()).add_(1.0)
    agent.save(tmp_path / "agent")
    assert all(torch.equal(a, b) for a, b in zip(states(agent), states(loaded(tmp_path)), strict=True))
    agent.learn(5).save(tmp_path / "agent")
    assert loaded(tmp_path).learner.steps == 20
    assert [path.name for path in (tmp_path / "agent" / "checkpoints").iterdir()] == ["step-00000020"]
    folder = tmp_path / "agent" / "checkpoints" / "step-00000020"
    folder.rename(folder.with_name(".step-00000020.old"))  # a kill between two renames
    assert loaded(tmp_path).learner.steps == 20


def loaded(tmp_path):
    return SAC.load(tmp_path / "agent", Line(), MIRROR)


def test_what_does_not_fit_is_said(tmp_path):
    ours("exact").learn(12).save(tmp_path / "agent")
    other = Symmetry.reflection(observation=[-1, -1], action=[-1])
    for kind, env, symmetry, message in (
        (SAC, Line(), other, "the sign of .* on the observation was"),
        (SAC, Line(), None, "network=exact needs a symmetry"),
        (DrQv2, Line(), MIRROR, "holds an agent of sac, not of drqv2"),
    ):
        with pytest.raises(InputError, match=message):
            kind.load(tmp_path / "agent", env, symmetry)
    with pytest.raises(InputError, match="holds no agent that can be read"):
        SAC.load(tmp_path / "nothing", Line())
    with pytest.raises(InputError, match="holds an agent with other settings"):
        ours("exact", tau=0.5).save(tmp_path / "agent")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else than an agent"):
        ours().save(tmp_path / "mine")
    (checkpoint,) = (tmp_path / "agent" / "checkpoints").iterdir()
    (checkpoint / "state.json").write_text("{}")
    with pytest.raises(InputError, match="is corrupt"):
        SAC.load(tmp_path / "agent", Line(), MIRROR)
    (tmp_path / "agent" / "agent.json").write_text(json.dumps({"agent": {"name": "sac"}}))
    with pytest.raises(InputError, match=r"agent\.json cannot be read"):
        SAC.load(tmp_path / "agent", Line(), MIRROR)
    shutil.rmtree(tmp_path / "agent")
    (tmp_path / "agent").write_text("a file")
    with pytest.raises(InputError, match="is a file"):
        ours().save(tmp_path / "agent")


@pytest.fixture
def trained(tmp_path):
    words = ["env=Pendulum-v1", "env.kwargs.max_episode_steps=9", "network.width=8", "agent.batch_size=8"]
    words += ["agent.learning_starts=10", "total_steps=20", "eval_every=20", "eval_episodes=1"]
    assert command(["train", *words, f"run_dir={tmp_path / 'run'}"]) == 0
    return tmp_path / "run"


def test_a_run_in_three_lines(trained):
    agent = nearsym.load(trained)
    assert type(agent) is SAC and agent.learner.network.family == "relaxed"
    observation, _ = agent.env.reset(seed=1)
    action, _ = agent.predict(observation)
    assert agent.env.action_space.contains(action)
    (level,) = evaluate_run(EvaluateSettings(str(trained), episodes=1, seed=3))
    env, total, done = EpisodeSeeds(build_env(Run(trained).settings()), 3), 0.0, False
    observation, _ = env.reset()
    while not done:
        observation, reward, terminated, truncated, _ = env.step(agent.predict(observation)[0])
        total, done = total + reward, terminated or truncated
    assert total == pytest.approx(level.returns[0])
    with pytest.raises(InputError, match="is no run"):
        nearsym.load(trained.parent)


class Dropping(torch.nn.Module):
    """An actor that forgets half of its means while it is trained."""

    def __init__(self, actor):
        super().__init__()
        self.actor, self.dropout = actor, torch.nn.Dropout(0.5)

    def forward(self, observation):
        mean, log_std = self.actor(observation)
        return self.dropout(mean), log_std


def test_dropout_is_left_out_of_acting(monkeypatch):
    agent = ours()
    dropping = Dropping(agent.learner.actor)
    monkeypatch.setattr(agent.learner, "actor", dropping)
    monkeypatch.setattr(agent.learner, "acting", lambda seen, noise: agent.learner.policy(dropping(seen), noise))
    observation = np.full((64, 2), 0.5, np.float32)
    first, again = (agent.predict(observation)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert dropping.training and dropping.dropout.training  # afterwards as before
    assert len(set(returns_of(agent.learner, agent._envs, 2))) == 2  # of two episodes
    raw = [agent.learner.predict(observation)[0] for _ in range(2)]
    assert not np.array_equal(*raw)  # negative control: in training it forgets


@pytest.mark.parametrize("size", [3, 4])
def test_a_replay_that_can_hold_no_transition_is_refused(size):
    env = nearsym.make("dmc/cartpole-balance", pixels=True, size=21, action_repeat=100)
    make = lambda: DrQv2(env, "plain", buffer_size=size, learning_starts=4, batch_size=2, filters=2, features=4, seed=0)  # noqa: E731
    if size == 3:
        with pytest.raises(InputError, match=r"agent\.buffer_size is 3, expected at least 4 frames"):
            make()
    else:
        assert make().learn(24).learner.updates > 5
