"""dm_control tasks as environments: steps, time limits, and states that are set."""

import gymnasium
import numpy as np
import pytest

from nearsym.envs import make
from nearsym.envs.errors import InputError


@pytest.mark.parametrize(("repeat", "steps"), [(1, 1000), (4, 250), (300, 4)])
def test_time_limits_truncate_after_the_same_simulated_time(repeat, steps):
    env = make("dmc/cartpole-swingup", action_repeat=repeat)
    env.reset(seed=0)
    for step in range(1, steps + 1):
        _, reward, terminated, truncated, _ = env.step(np.zeros(1, dtype=np.float32))
        assert not terminated and truncated == (step == steps)
    assert reward <= repeat


def test_action_repeat_sums_rewards():
    rewards = {}
    for repeat in (1, 5):
        env = make("dmc/cartpole-balance", action_repeat=repeat)
        env.reset(seed=0)
        rewards[repeat] = sum(env.step(np.ones(1, dtype=np.float32))[1] for _ in range(10 // repeat))
    assert rewards[5] == pytest.approx(rewards[1])
    with pytest.raises(InputError, match="action_repeat is 0"):
        make("dmc/cartpole-balance", action_repeat=0)


def test_state_can_be_put_back():
    env = make("dmc/reacher-easy", dtype=np.float64)
    env.reset(seed=0)
    state = env.get_state()
    first = [env.set_state(state), env.step(np.ones(2))[0], env.get_state()]
    env.reset(seed=9)  # another target
    second = [env.set_state(state), env.step(np.ones(2))[0], env.get_state()]
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(InputError, match=r"expected a finite state of shape \(7,\)"):
        env.set_state(np.zeros(5))


def test_stepping_a_task_without_an_episode_says_so():
    env = make("dmc/cartpole-swingup", action_repeat=500)
    action = np.zeros(1, dtype=np.float32)
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"call env\.reset\(\) before env\.step\(\)"):
        env.step(action)
    env.reset(seed=0)
    assert [env.step(action)[3] for _ in range(2)] == [False, True]
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(action)
    env.reset(seed=0)
    assert np.isfinite(env.step(action)[1])
