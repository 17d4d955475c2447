"""An algorithm of discrete actions, without an actor: deep Q-learning in a file of its own, run as any other."""

import copy
from dataclasses import dataclass, replace

import gymnasium
import numpy as np
import pytest
import torch
from stable_baselines3.common.buffers import ReplayBuffer

from nearsym.agents.algorithms import LEARNERS, Learner
from nearsym.agents.algorithms.adam import Adam
from nearsym.agents.algorithms.experience import Batch, Experience
from nearsym.agents.algorithms.learner import Law
from nearsym.agents.algorithms.sac import SACSettings
from nearsym.agents.algorithms.settings import OffPolicySettings
from nearsym.agents.runs.evaluation import load_learner
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.agents.runs.training import train
from nearsym.envs import build
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.networks import MLP, family

CART = "from nearsym import Symmetry\nmirror = Symmetry.reflection(observation=[-1] * 4, action=[1, 0])\n"


@dataclass(frozen=True)
class Settings(OffPolicySettings):
    """Of deep Q-learning."""

    name: str = "dqn"


class Transitions(Experience):
    """Replay of numbers of actions."""

    def __init__(self, settings, problem, capacity):
        self.settings = settings
        self.buffer = ReplayBuffer(capacity, problem.observation_space, problem.action_space, "cpu")

    def add(self, step):
        self.buffer.add(step.observations, step.next_observations, step.actions, step.rewards, step.ended, [{}])

    def due(self, before, after):
        for _ in range(after - before if after > self.settings.learning_starts else 0):
            drawn = self.buffer.sample(self.settings.batch_size)
            discounts = self.settings.discount * (1 - drawn.dones.squeeze(1))
            yield Batch(drawn.observations, drawn.actions, drawn.rewards.squeeze(1), drawn.next_observations, discounts)

    def states(self, count, generator):
        pick = generator.integers(self.buffer.size(), size=count) if self.buffer.size() else []
        return self.buffer.observations[pick, 0], self.buffer.actions[pick, 0]

    def arrays(self):
        return {}

    def restore(self, arrays):
        """Begins anew."""


class DQNLearner(Learner):
    """Q(gs, ga) = Q(s, a): values of all actions are exchanged as these are."""

    metrics = ("critic_loss",)
    actions = gymnasium.spaces.Discrete

    def __init__(self, settings, network, problem, device, seed=None):
        super().__init__(settings, network, problem, device, seed)
        self.critic = self.fresh_networks(network)["critic"]
        self.target = copy.deepcopy(self.critic).requires_grad_(False)
        groups = network.parameter_groups([self.critic])
        self.optimizer = Adam([{"lr": settings.learning_rate, **group} for group in groups])

    def networks(self):
        return {"critic": self.critic}

    def targets(self):
        return {"target": self.target}

    def optimizers(self):
        return {"critic": self.optimizer}

    def fresh_networks(self, network):
        return {"critic": MLP(self.problem.observation.rep, [self.problem.symmetry.action], network)}

    def laws(self):
        return {"critic": Law(self.values, self.problem.observation.rep, self.problem.symmetry.action)}

    def values(self, observations):
        return self.critic(observations)[0].squeeze(0)

    @torch.no_grad()
    def act(self, observations, memory, *, explore):
        best = self.values(torch.as_tensor(observations)).argmax(-1).numpy()
        random = np.random.random(len(best)) < (0.2 if explore else 0.0)
        return np.where(random, np.random.randint(self.problem.action_space.n, size=len(best)), best), memory

    def experience(self, steps=None):
        return Transitions(self.settings, self.problem, steps or self.settings.buffer_size)

    def update(self, batch):
        with torch.no_grad():
            y = batch.rewards + batch.discounts * self.target(batch.next_observations)[0].squeeze(0).amax(-1)

        def critic():
            loss = (self.values(batch.observations).gather(1, batch.actions).squeeze(1) - y).square().mean()
            penalty = self.network.regularizer(self.critic, loss)
            return loss if penalty is None else loss + penalty, (loss,)

        (loss,) = self.optimizer.minimize(critic)
        with torch.no_grad():
            for slow, fast in zip(self.target.parameters(), self.critic.parameters(), strict=True):
                slow.lerp_(fast, self.settings.tau)
        self.updates += 1
        return {"critic_loss": loss}


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(DQNLearner, "settings_type", Settings, raising=False)
    monkeypatch.setitem(LEARNERS, "dqn", DQNLearner)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """The cart-pole's mirror exchanges its two actions."""
    (tmp_path / "cart.py").write_text(CART)
    monkeypatch.chdir(tmp_path)
    return "cart:mirror"


def settings(folder, network, symmetry, agent=None):
    return TrainSettings(
        env=EnvSettings("CartPole-v1"),
        agent=agent or Settings(batch_size=32, learning_starts=200, tau=0.02, learning_rate=3e-3),
        network=family(network, width=32),
        symmetry=symmetry,
        total_steps=1200,
        eval_every=600,
        eval_episodes=3,
        run_dir=str(folder),
    )


def test_it_learns_in_a_run_and_its_law_is_measured(registered, mirror, tmp_path):
    errors = {}
    for network in ("exact", "plain"):
        run = train(settings(tmp_path / network, network, mirror), ["test"])
        header, first, *_, last = (line.split(",") for line in run.metrics.read_text().splitlines())
        assert [name for name in header if "error" in name] == ["critic_equivariance_error"]
        row = dict(zip(header, last, strict=True))
        errors[network] = float(row["critic_equivariance_error"])
        if network == "exact":
            assert float(row["eval_return"]) > 3 * float(dict(zip(header, first, strict=True))["eval_return"])
        _, learner = load_learner(run.folder)
        assert learner.predict(np.zeros(4, dtype=np.float32))[0] in (0, 1)
    assert errors["exact"] < 1e-5 < 1e-2 < errors["plain"]


def test_what_needs_continuous_actions_says_so(registered, mirror, tmp_path):
    with pytest.raises(InputError, match=r"has actions Discrete\(2\), and agent=sac acts in a Box; wrap"):
        train(settings(tmp_path / "sac", "exact", mirror, SACSettings()), ["test"])
    assert not (tmp_path / "sac").exists()
    with pytest.raises(InputError, match=r"has actions Box.*and agent=dqn acts in a Discrete"):
        train(replace(settings(tmp_path / "dqn", "plain", None), env=EnvSettings("Pendulum-v1")), ["test"])
    with pytest.raises(InputError, match="ActuatorGain changes actions of a Box"):
        build("CartPole-v1", symmetry=mirror, perturbation=PerturbationSettings(actuator_gain=0.5))
    slower = build("CartPole-v1", symmetry=mirror, perturbation=PerturbationSettings(actuator_repeat=1))
    slower.reset(seed=0)
    assert isinstance(slower.action_space, gymnasium.spaces.Discrete) and slower.step(1)[1] >= 1
