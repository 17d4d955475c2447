"""Finding environments by their ids; one contract for the whole catalogue."""

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from nearsym.envs import catalogue, load_object, load_symmetry, make, symmetry_of
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
def broken() -> gymnasium.Env:
    raise RuntimeError("no motor")
def number() -> gymnasium.Env:
    return 3
def sized(size) -> "gymnasium.Wrapper":
    return gymnasium.Wrapper(MyEnv(size))
def undeclared(**kwargs):
    raise SystemExit(f"called with {kwargs}")
def mirror() -> Symmetry:
    return symmetry
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
    assert make(f"{module}:sized", size=3.0).unwrapped.size == 3.0
    assert isinstance(load_object(f"{module}:symmetry"), Symmetry)
    assert load_symmetry(f"{module}:mirror") == load_symmetry(f"{module}:symmetry")


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
        (
            "{module}:symmetry",
            "is a Symmetry, expected a subclass of gymnasium.Env, or a function declared",
        ),
        ("{module}:undeclared", r"is a function, expected .* def undeclared\(…\) -> gymnasium.Env"),
        ("os:system", r"is a builtin_function_or_method, expected a subclass of gymnasium.Env"),
        ("subprocess:Popen", r"is a type, expected a subclass of gymnasium.Env"),
        ("{module}:", "expected module:name"),
    ],
)
def test_unknown_ids_are_explained(module, id, message):
    with pytest.raises(InputError, match=message):
        make(id.format(module=module))


def test_bad_arguments_are_explained(module):
    with pytest.raises(InputError, match=r"cannot be built: TypeError: .*colour"):
        make(f"{module}:MyEnv", colour=1)


def test_nothing_is_called_that_is_not_declared(module, tmp_path):
    """Not with what a config.yaml gives it, and not as a symmetry."""
    trap = tmp_path / "executed"
    for id, kwargs in (("os:mkdir", {"path": str(trap)}), ("os:system", {"command": f"touch {trap}"})):
        with pytest.raises(InputError, match=r"expected a subclass of gymnasium\.Env"):
            make(id, **kwargs)
    with pytest.raises(InputError, match=r"symmetry=my_module_for_tests:undeclared is a function; .*-> Symmetry"):
        load_symmetry(f"{module}:undeclared")
    assert not trap.exists()
    load_object("os:mkdir")(path=str(trap))  # negative control: called, it would be seen
    assert trap.exists()
