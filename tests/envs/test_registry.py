"""Finding environments by their ids; one contract for the whole catalogue."""

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from nearsym.envs import catalogue, load_object, make, symmetry_of
from nearsym.envs.errors import InputError
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
