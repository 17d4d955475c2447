"""The examples of docs/architecture.md, written as files and used as the page says."""

import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest
import torch

import nearsym
from nearsym.agents import Agent
from nearsym.agents.algorithms import LEARNERS
from nearsym.agents.runs.diagnostics import equivariance_errors
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import audit, declare, registry
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import Actor, Exact, Plain, encoder_for, equivariance_error, family, trunk_for
from nearsym.networks.encoders.encoder import ENCODERS
from nearsym.networks.families import FAMILIES

PAGE = (Path(__file__).parents[1] / "docs" / "architecture.md").read_text()
BLOCKS = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, flags=re.DOTALL))
TABLES = (FAMILIES, LEARNERS, ENCODERS)


@pytest.fixture
def written(tmp_path):
    """Imports an example as a module; what it registers is forgotten afterwards."""
    before = [dict(table) for table in TABLES]

    def load(name):
        path = tmp_path / Path(name).name
        path.write_text(BLOCKS[name])
        spec = importlib.util.spec_from_file_location(f"example_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        return module

    yield load
    for table, kept in zip(TABLES, before, strict=True):
        table.clear()
        table.update(kept)


def test_the_page_has_an_example_of_each():
    assert {Path(name).parent.as_posix() for name in BLOCKS} == {
        "networks/families",
        "networks/encoders",
        "agents/algorithms",
        "envs",
        "envs/perturbations",
    }


def test_a_network_family_is_one_file(written, tmp_path):
    assert "leaky" not in FAMILIES
    written("networks/families/leaky.py")
    mirror = Symmetry.reflection(observation=[-1, 1, -1], action=[-1])
    x, errors = torch.randn(64, 3, generator=torch.Generator().manual_seed(0)), {}
    for leak in (0.0, 0.1, 1.0):
        torch.manual_seed(0)
        actor = Actor(mirror.observation.rep, mirror.action, family("leaky", width=16, leak=leak))
        mean = lambda x, actor=actor: actor(x)[0]  # noqa: E731
        errors[leak] = equivariance_error(mean, mirror.observation.rep, mirror.action, x).max().item()
    assert errors[0.0] < 1e-5 < errors[0.1] < errors[1.0]
    run = TrainSettings(
        env=EnvSettings("Pendulum-v1"),
        agent=replace(TrainSettings().agent, batch_size=16, learning_starts=30),
        network=family("leaky", width=16),
        total_steps=60,
        eval_every=30,
        eval_episodes=1,
        run_dir=str(tmp_path / "run"),
    )
    finished = train(run, ["test"])
    assert finished.settings().network == run.network  # and its folder is read again


class Joints(gymnasium.Env):
    """Two joints, left and right, and a motor for each."""

    observation_space = gymnasium.spaces.Box(-np.pi, np.pi, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (2,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.angles, self.steps = self.np_random.uniform(-1, 1, 2).astype(np.float32), 0
        return self.angles, {}

    def step(self, action):
        self.angles, self.steps = self.angles + 0.1 * np.asarray(action, dtype=np.float32), self.steps + 1
        return self.angles, float(np.cos(self.angles).sum()), False, self.steps == 10, {}


def test_an_encoder_is_one_file(written):
    angles = written("networks/encoders/angles.py")
    mirror = Symmetry.reflection(observation=([1, 0], [-1, -1]), action=([1, 0], [-1, -1]))
    declared = Symmetry(mirror.group, angles.Angles(mirror.observation.rep), mirror.action)
    for network, exact in ((Exact(width=16), True), (Plain(width=16), False)):
        encoder = encoder_for(declared.observation, network)
        trunk = trunk_for(encoder, network)
        actor = Actor(trunk, declared.action, network)
        policy = lambda x, encoder=encoder, actor=actor: actor(encoder(x))[0]  # noqa: E731
        error = equivariance_error(policy, encoder.in_rep, declared.action, torch.randn(32, 2)).max().item()
        assert (error < 1e-5) == exact
    env = declare(Joints(), declared)
    agent = nearsym.SAC(env, Exact(width=16), learning_starts=20, batch_size=8, seed=0).learn(40)
    assert agent.learner.critic.trunk.out_rep.dim == 4
    errors = equivariance_errors(agent.learner, torch.randn(16, 2), torch.rand(16, 2))
    assert max(error.max().item() for error in errors.values()) < 1e-4


def test_an_algorithm_is_one_file(written, tmp_path):
    ddpg = written("agents/algorithms/ddpg.py")
    assert LEARNERS["ddpg"] is ddpg.DDPGLearner

    class DDPG(Agent):
        learner_type = ddpg.DDPGLearner

    agent = DDPG(nearsym.make("Pendulum-v1"), Plain(width=16), learning_starts=20, batch_size=8, seed=0)
    before = [p.clone() for p in agent.learner.actor.parameters()]
    agent.learn(60)
    assert agent.learner.updates == 40
    assert not all(torch.equal(a, b) for a, b in zip(before, agent.learner.actor.parameters(), strict=True))
    run = TrainSettings(
        env=EnvSettings("Pendulum-v1"),
        agent=ddpg.DDPGSettings(batch_size=8, learning_starts=20),
        network=Plain(width=16),
        total_steps=60,
        eval_every=30,
        eval_episodes=1,
        run_dir=str(tmp_path / "run"),
    )
    header = train(run, ["test"]).metrics.read_text().splitlines()[0]
    assert "actor_loss,critic_loss,actor_equivariance_error" in header and "entropy" not in header


def test_an_environment_is_one_file(written, monkeypatch):
    lines = written("envs/lines.py")
    monkeypatch.setattr(registry, "FAMILIES", (*registry.FAMILIES, lines.LINES))
    assert "line/plain" in [entry.id for entry in registry.catalogue()]
    env = nearsym.make("line/plain", length=5)
    assert audit(env, samples=20).verdict == "exact"
    monkeypatch.setattr(lines.Line, "step", pushed(lines.Line.step))
    assert audit(nearsym.make("line/plain"), samples=20).verdict == "broken"


def test_a_perturbation_is_one_file(written):
    thrust = written("envs/perturbations/thrust.py")
    action, ends = np.array([0.1], dtype=np.float32), {}
    for strength in (0.0, 0.5):
        env = thrust.ThrustNoise(nearsym.make("Pendulum-v1"), strength)
        env.reset(seed=0)
        ends[strength] = [env.step(action)[0] for _ in range(3)]
    plain = nearsym.make("Pendulum-v1")
    plain.reset(seed=0)
    np.testing.assert_array_equal(ends[0.0], [plain.step(action)[0] for _ in range(3)])
    assert not np.array_equal(ends[0.0], ends[0.5])


def pushed(step):
    """A step with a wind that blows to the right."""

    def windy(self, action):
        observation, reward, *rest = step(self, action)
        self.x = observation + 0.3
        return self.x, reward, *rest

    return windy
