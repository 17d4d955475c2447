"""Coordinates that are off are named as the environment or the declaration names them."""

import gymnasium
import numpy as np
import pytest

from nearsym import Symmetry
from nearsym.envs import audit, make
from nearsym.envs.auditing.names import observation_names, state_names
from nearsym.envs.auditing.tables import tables
from nearsym.envs.symmetry import Hinges, from_parts, mirror


def broken_at(env, symmetry):
    """The coordinates that an audit of 20 samples names, the worst first."""
    return [each.name for each in audit(env, symmetry, samples=20).elements[0].coordinates]


def test_dm_controls_names():
    """The cart-pole's mirror, with the sign of one velocity wrong in the observation."""
    wrong = Symmetry.reflection(observation=[-1, 1, -1, -1, 1], action=[-1], state=[-1] * 4)
    assert broken_at(make("dmc/cartpole-swingup"), wrong) == ["observation[4] (velocity[1])"]


def test_gymnasiums_joints():
    """Two heights of the state that do not turn round."""
    wrong = Symmetry.reflection(observation=[-1] * 4, action=[-1], state=[-1, -1, -1, 1])
    named = broken_at(make("InvertedPendulum-v5"), wrong)
    assert set(named) >= {"state[3] (qvel hinge)", "observation[3] (qvel hinge)"}


def test_the_declarations_own_names_come_first():
    env = make("InvertedPendulum-v5")
    seen = Hinges({"cart": "y", "left_pole": "z", "rail": "y", "top": "y"})  # of y the sign stays, which is wrong
    held = Hinges({name: "z" for name in seen.axes})
    wrong = from_parts(mirror("y"), observation=[seen], action=[Hinges({"cart": "z"})], state=[held])
    assert observation_names(env, wrong) == list(seen.axes)
    named = {each for each in broken_at(env, wrong) if each.startswith("observation")}  # the pole leans: the state too
    assert named == {"observation[0] (cart)", "observation[2] (rail)", "observation[3] (top)"}
    assert "(rail)" in "\n".join(str(each) for each in tables(audit(env, wrong, samples=20), "x"))


class Nameless(gymnasium.Env):
    """Two numbers that nobody has named."""

    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.np_random.normal(size=2)
        return self.state, {}

    def step(self, action):
        self.state = 0.9 * self.state + np.array([1.0, float(action[0])])
        return self.state, 0.0, False, False, {}

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = np.array(state)
        return self.state


def test_without_names_indices_remain():
    wrong = Symmetry.reflection(observation=[-1, -1], action=[-1], state=[-1, -1])
    assert broken_at(Nameless(), wrong) == ["state[0]"]


@pytest.mark.parametrize("id", ["Ant-v5", "dmc/humanoid-walk", "dmc/quadruped-walk"])
def test_every_number_of_the_state_has_one_name(id):
    """Free joints have seven positions and six velocities; actuators of the quadruped have states of their own."""
    env = make(id)
    env.reset(seed=0)
    size = len(env.get_wrapper_attr("get_state")())
    names = state_names(env, size)
    assert len(set(names)) == size and not any(name.startswith("state") for name in names)
