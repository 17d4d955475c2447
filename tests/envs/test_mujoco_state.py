"""Simulators of MuJoCo whose state can be set without a line of one's own, and every task of dm_control."""

import sys

import gymnasium
import numpy as np
import pytest
from dm_control import suite
from gymnasium.envs.mujoco.inverted_pendulum_v5 import InvertedPendulumEnv

from nearsym.envs import audit, build, catalogue, make, symmetry_of
from nearsym.envs.capabilities import state_getter, state_setter
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.scripts.main import run

SOURCE = """
import gymnasium
import numpy as np
import dm_env
from dm_control import suite
from gymnasium.envs.mujoco.inverted_pendulum_v5 import InvertedPendulumEnv
from gymnasium.envs.mujoco.swimmer_v5 import SwimmerEnv
from nearsym import Symmetry

mirror = Symmetry.reflection(observation=[-1] * 4, action=[-1], state=[-1] * 4)
assumed = Symmetry.reflection(observation=[-1] * 4, action=[-1])
cart = Symmetry.reflection(observation=[-1, 1, -1, -1, -1], action=[-1], state=[-1] * 4)
swimmer = Symmetry.reflection(
    observation=[-1, -1, -1, 1, -1, -1, -1, -1], action=[-1, -1], state=[1, -1, -1, -1, -1] * 2
)
unknown = Symmetry.reflection(observation=[-1, -1, -1, 1, -1, -1, -1, -1], action=[-1, -1])


class Pole(InvertedPendulumEnv):
    pass


class Told(InvertedPendulumEnv):
    def get_state(self):
        return np.concatenate([self.data.qpos, self.data.qvel])


class Swimmer(SwimmerEnv):
    pass


class Wrapped(gymnasium.Env):
    '''One's own environment around dm_control's physics.'''

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (5,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def __init__(self):
        self.inner = suite.load("cartpole", "swingup")
        self.physics = self.inner.physics

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.inner.task.random.seed(seed)
        self.inner.reset()
        return self._get_obs(), {}

    def step(self, action):
        reward = self.inner.step(action).reward
        return self._get_obs(), reward, False, False, {}

    def _get_obs(self):
        return np.concatenate(list(self.inner.task.get_observation(self.physics).values())).astype(np.float32)


def ours() -> dm_env.Environment:
    return suite.load("cartpole", "balance")
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "robots.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    yield "robots"
    sys.modules.pop("robots", None)


@pytest.mark.parametrize(
    ("name", "symmetry", "verdict"),
    [
        ("Pole", "mirror", "approximate"),  # the model's pole leans by a millimetre
        ("Pole", "assumed", "approximate"),
        ("Told", "mirror", "approximate"),
        ("Swimmer", "swimmer", "exact"),
        ("Wrapped", "cart", "exact"),
        ("ours", "cart", "exact"),
    ],
)
def test_ones_own_simulator_is_audited_with_no_extra_code(module, name, symmetry, verdict):
    env = build(f"{module}:{name}", symmetry=f"{module}:{symmetry}", precise=True)
    report = audit(env, samples=30)
    assert report.method == "simulator set to g·s and stepped with g·a" and report.verdict == verdict
    assert report.observation_error < 1e-6
    assert bool(report.notes) == (symmetry == "assumed")


def test_a_wrong_symmetry_of_ones_own_simulator_is_broken(module):
    wrong = Symmetry.reflection(observation=[-1, 1, -1, 1], action=[-1], state=[-1, 1, -1, 1])
    assert audit(gymnasium.make("InvertedPendulum-v5"), wrong, samples=30).verdict == "broken"


def test_a_state_that_nothing_is_said_of_is_not_set(module):
    report = audit(build(f"{module}:Swimmer", symmetry=f"{module}:unknown"), samples=200)
    assert "cannot be set" in report.method
    (note,) = report.notes
    assert note.startswith("no state= says how the 10 numbers of get_state() move, so no state is set; declare it")


def test_a_state_is_set_as_the_simulator_sets_it():
    """Against gymnasium's own set_state(qpos, qvel)."""
    env, oracle = make("HalfCheetah-v5"), gymnasium.make("HalfCheetah-v5")
    env.reset(seed=0)
    oracle.reset(seed=1)
    state = state_getter(env)() + 0.1
    observed = state_setter(env)(state)
    oracle.unwrapped.set_state(state[:9], state[9:])
    np.testing.assert_array_equal(observed, oracle.unwrapped._get_obs())
    action = np.full(6, 0.3, np.float32)
    np.testing.assert_array_equal(env.step(action)[0], oracle.step(action)[0])
    with pytest.raises(InputError, match=r"expected a finite state of shape \(18,\)"):
        state_setter(env)(np.zeros(17))


def test_wrappers_that_have_to_know_of_states_are_not_passed_over():
    class Remembers(gymnasium.Wrapper):
        def set_state(self, state):
            raise AssertionError

    env = Remembers(InvertedPendulumEnv())
    mirror = Symmetry.reflection(observation=[-1] * 4, action=[-1])
    assert "cannot be set" in audit(env, mirror, samples=200).method


DECLARED = {entry.id for entry in catalogue()}


@pytest.mark.parametrize("task", [f"{domain}-{task}" for domain, task in suite.ALL_TASKS])
def test_every_task_of_the_suite_makes(task):
    env = build(f"dmc/{task}")
    observation, _ = env.reset(seed=0)
    env.action_space.seed(0)
    after, reward, *_ = env.step(env.action_space.sample())
    assert observation.shape == after.shape == env.observation_space.shape and np.isfinite(reward)
    assert (symmetry_of(env) is None) == (f"dmc/{task}" not in DECLARED)
    state = state_getter(env)()
    state_setter(env)(state)
    np.testing.assert_allclose(state_getter(env)(), state, atol=1e-12)


def test_a_task_without_a_symmetry_trains_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["network.width=8", "total_steps=30", "agent.learning_starts=10", "agent.batch_size=4", "run_dir=cheetah"]
    assert run(["train", "env=dmc/cheetah-run", "network=plain", *small]) == 0
    capsys.readouterr()
    assert run(["train", "env=dmc/cheetah-run", "network=exact", *small[:-1], "run_dir=other"]) == 2
    assert "the environment declares none" in capsys.readouterr().err
    assert run(["audit", "env=dmc/cheetah-run"]) == 2
    assert "no symmetry is declared" in capsys.readouterr().err
