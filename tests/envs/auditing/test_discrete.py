"""Audits of discrete actions, which a group permutes: in the simulator, from transitions, and of trained agents."""

import gymnasium
import numpy as np
import pytest

from nearsym.envs import audit, make
from nearsym.envs.auditing.discrete import OneHot, OneHotActions
from nearsym.envs.auditing.transitions import sample_transitions
from nearsym.envs.rollout import Remembering
from nearsym.envs.symmetry import Symmetry
from nearsym.scripts.main import run

LEFT_RIGHT = [1, 0]


def mirror(action):
    return Symmetry.reflection(observation=[-1] * 4, action=action, state=[-1] * 4)


@pytest.mark.parametrize(
    ("id", "observation", "n"), [("CartPole-v1", [-1] * 4, 2), ("Acrobot-v1", [1, -1, 1, -1, -1, -1], 3)]
)
def test_the_mirror_exchanges_actions(id, observation, n):
    report = audit(make(id), samples=100, seed=0)
    assert report.verdict == "exact" and report.epsilon_transition < 1e-12
    left_alone = Symmetry.reflection(observation, list(range(n)), [-1] * 4)
    assert audit(make(id), left_alone, samples=100).verdict == "broken"  # the control


def test_a_push_that_is_weaker_on_one_side_is_found():
    class Weaker(gymnasium.ActionWrapper):
        def action(self, action):
            self.unwrapped.force_mag = 10.0 if action == 1 else 6.0
            return action

    assert audit(Weaker(make("CartPole-v1")), mirror(LEFT_RIGHT), samples=100, seed=0).verdict == "broken"


def test_without_a_simulator_it_is_measured_from_transitions():
    env = make("CartPole-v1")
    recorded = sample_transitions(env, 3000, 0).observed()
    assert set(np.unique(recorded.actions)) == {0.0, 1.0}
    right, wrong = (audit(env, mirror(action), transitions=recorded) for action in (LEFT_RIGHT, [0, 1]))
    assert right.epsilon_transition < 0.5 * wrong.epsilon_transition and wrong.verdict == "broken"


class Numbered(gymnasium.Env):
    """Actions begin at 5, and the one that was taken is paid."""

    observation_space = gymnasium.spaces.Box(-1, 1, (1,))
    action_space = gymnasium.spaces.Discrete(3, start=5)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return np.zeros(1, np.float32), float(action), False, False, {}


def test_vectors_mark_numbers_from_the_first_on():
    env = OneHotActions(Numbered())
    env.reset(seed=0)
    assert [env.step(row)[1] for row in np.eye(3)] == [5, 6, 7]
    np.testing.assert_array_equal(env.one_hot([7, 5]), [[0, 0, 1], [1, 0, 0]])
    space = OneHot(3)
    space.seed(0)
    drawn = np.array([space.sample() for _ in range(300)])
    assert set(drawn.sum(axis=1)) == {1.0} and (drawn.sum(axis=0) > 70).all()


def test_policies_choose_numbers():
    env = OneHotActions(Numbered())
    np.testing.assert_array_equal(env.marking(lambda observation: np.int64(6))(np.zeros(1)), [0, 1, 0])
    recalling = Remembering(lambda observations, memory: (np.array([7]), memory + 1), lambda episodes: episodes)
    marked = env.marking(recalling)
    actions, memory = marked.act(np.zeros((1, 1)), np.array([3]))
    np.testing.assert_array_equal(actions, [[0, 0, 1]])
    assert memory == 4 and marked.beginning is recalling.beginning


def test_a_run_of_dqn_is_audited(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    small = ["network=exact", "network.width=8", "agent.learning_starts=10", "agent.batch_size=4", "total_steps=60"]
    assert run(["train", "env=CartPole-v1", "agent=dqn", *small, "eval_every=60", "run_dir=x"]) == 0
    capsys.readouterr()
    assert run(["audit", "x", "samples=50"]) == 0
    assert "exact" in capsys.readouterr().out
