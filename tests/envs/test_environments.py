"""Finding, declaring and wrapping environments; one contract for the whole catalogue."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from nearsym.envs import EpisodeSeeds, FiniteGuard, catalogue, declare, load_object, make, symmetry_of
from nearsym.envs.errors import InputError, SymmetryError
from nearsym.envs.perturbations import ObservationNoise
from nearsym.envs.symmetry import Symmetry

IDS = [entry.id for entry in catalogue()]

MODULE = """
import gymnasium, numpy as np
from nearsym.envs.symmetry import Symmetry

class MyEnv(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-1, 1, (2,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))
    def __init__(self, size=1.0):
        self.size = size
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, dtype=np.float32), {}

gymnasium.register("Registered-v3", entry_point=MyEnv)
symmetry = Symmetry.reflection(observation=[-1, 1], action=[-1])
def broken():
    raise RuntimeError("no motor")
def number():
    return 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_module_for_tests.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return "my_module_for_tests"


@pytest.mark.parametrize("id", IDS)
@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # gymnasium's advice on unbounded or float64 boxes
def test_contract_of_every_entry(id):
    env = make(id)
    symmetry_of(env).check_spaces(env.observation_space, env.action_space)
    check_env(env.unwrapped, skip_render_check=True)
    trajectories = []
    for seed in (5, 5, 6):
        env.action_space.seed(0)
        trajectory = [env.reset(seed=seed)[0]]
        for _ in range(5):
            observation, reward, *_ = env.step(env.action_space.sample())
            trajectory.append(np.append(observation, reward))
        trajectories.append(np.concatenate(trajectory))
    assert np.isfinite(trajectories).all()
    assert np.array_equal(trajectories[0], trajectories[1])
    assert not np.array_equal(trajectories[0], trajectories[2])


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


def test_ones_own_environments(module):
    assert make(f"{module}:MyEnv", size=2.0).size == 2.0
    assert make(f"{module}:Registered-v3").spec.id == "Registered-v3"
    assert isinstance(load_object(f"{module}:symmetry"), Symmetry)


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("Pendulum-v2", r"no environment has the id 'Pendulum-v2' \(did you mean 'Pendulum-v1'\?\)"),
        ("dmc/cartpole-swingpu", r"no dm_control task .* \(did you mean 'dmc/cartpole-swingup'\?\)"),
        ("nowhere:MyEnv", "there is no module 'nowhere'; run from the folder that holds nowhere.py"),
        ("{module}:MyEnb", r"has no 'MyEnb' \(did you mean 'MyEnv'\?\)"),
        ("{module}:Registered-v4", r"registers no environment 'Registered-v4' \(did you mean 'Registered-v3'\?\)"),
        ("{module}:broken", "cannot be built: RuntimeError: no motor"),
        ("{module}:number", "made a int, expected a gymnasium.Env"),
        ("{module}:symmetry", "is a Symmetry, expected an environment class or a factory"),
        ("{module}:", "expected module:name"),
    ],
)
def test_unknown_ids_are_explained(module, id, message):
    with pytest.raises(InputError, match=message):
        make(id.format(module=module))


def test_bad_arguments_are_explained(module):
    with pytest.raises(InputError, match=r"cannot be built: TypeError: .*colour"):
        make(f"{module}:MyEnv", colour=1)


def test_declare_replaces_and_checks():
    env = make("Pendulum-v1")
    other = Symmetry.reflection(observation=[-1, -1, 1], action=[-1])
    assert symmetry_of(env) != other
    assert symmetry_of(declare(env, other)) == other
    assert symmetry_of(gymnasium.make("Pendulum-v1")) is None
    with pytest.raises(SymmetryError, match="acts on 2 observation coordinates"):
        declare(env, Symmetry.reflection(observation=[-1, 1], action=[-1]))
    with pytest.raises(InputError, match="got a str"):
        declare(env, "mirror")


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


def first_observations(env, count):
    return [env.reset()[0] for _ in range(count)]


def test_episodes_follow_from_seed_and_number():
    whole = first_observations(EpisodeSeeds(make("Pendulum-v1"), seed=1), 4)
    later = EpisodeSeeds(make("Pendulum-v1"), seed=1)
    later.episode = 2
    np.testing.assert_array_equal(whole[2:], first_observations(later, 2))
    assert not np.array_equal(whole[0], whole[1])
    assert not np.array_equal(whole, first_observations(EpisodeSeeds(make("Pendulum-v1"), seed=2), 4))


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
    env = FiniteGuard(Poisoned(make("Pendulum-v1"), where))
    env.reset(seed=0)
    with pytest.raises(InputError, match=message):
        env.step(np.zeros(1, dtype=np.float32))
    fine = FiniteGuard(make("Pendulum-v1"))
    fine.reset(seed=0)
    fine.step(np.zeros(1, dtype=np.float32))


def test_noise_has_the_strength_asked_for_and_follows_the_seed():
    quiet, same = make("Pendulum-v1"), ObservationNoise(make("Pendulum-v1"), 0.0)
    assert quiet.reset(seed=0)[0].tobytes() == same.reset(seed=0)[0].tobytes()
    noisy = ObservationNoise(make("Pendulum-v1"), 0.3)
    differences = np.array([noisy.reset(seed=s)[0] - quiet.reset(seed=s)[0] for s in range(500)])
    assert abs(differences.std() - 0.3) < 0.02 and abs(differences.mean()) < 0.03
    assert np.array_equal(noisy.reset(seed=4)[0], noisy.reset(seed=4)[0])
    with pytest.raises(InputError, match="observation noise is -1"):
        ObservationNoise(quiet, -1)
