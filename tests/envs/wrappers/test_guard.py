"""Values that are no finite numbers stop a run."""

import gymnasium
import numpy as np
import pytest

from nearsym.envs import Guard, make
from nearsym.envs.errors import InputError


class Poisoned(gymnasium.Wrapper):
    """Gives a NaN where it is told to."""

    def __init__(self, env, where):
        super().__init__(env)
        self.where = where

    def step(self, action):
        observation, reward, *rest = self.env.step(action)
        if self.where == "reward":
            return observation, float("inf"), *rest
        observation[1] = np.nan
        return observation, reward, *rest


@pytest.mark.parametrize(
    ("where", "message"), [("reward", "reward is inf at step 1"), ("obs", r"observation\[1\] is nan")]
)
def test_a_value_that_is_no_number_stops_the_run(where, message):
    env = Guard(Poisoned(make("Pendulum-v1"), where))
    env.reset(seed=0)
    with pytest.raises(InputError, match=message):
        env.step(np.zeros(1, dtype=np.float32))
    fine = Guard(make("Pendulum-v1"))
    fine.reset(seed=0)
    fine.step(np.zeros(1, dtype=np.float32))
