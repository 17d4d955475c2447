"""The examples of docs/ do what their pages say."""

import ast
import importlib
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from nearsym.agents.comparison.suite_file import read_suite
from nearsym.agents.tuning.plan import read_plan
from nearsym.envs import audit
from nearsym.scripts.compose import options

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
TASKS = ("crane:Crane", "Reacher-v5", "Pendulum-v1", "dmc/walker-walk", "trading/portfolio (fold0)", "Walker2d-v5")
TASKS += ("crane:Crane (crane-whole)", "drone:Drone (drone-whole)", "dmc/cartpole-balance")
TASKS += ("dmc/reacher_turning-easy (turning-whole)", "rooms:Rooms (rooms-draught)", "drone:Drone (drone-worn)")
TASKS += ("dmc/reacher_turning-easy (turning-turned)",)


def example(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def crane():
    return example("crane").Crane


@pytest.fixture(scope="module")
def rooms():
    return example("rooms").Rooms


@pytest.fixture(scope="module")
def drone():
    return example("drone").Drone


@pytest.mark.filterwarnings("ignore:.*(Box observation space|alternative render modes).*")
@pytest.mark.parametrize("name", ["crane", "drone", "rooms"])
def test_it_is_an_environment(name, request):
    check_env(request.getfixturevalue(name)())


def test_rooms_are_alike_until_one_is_not(rooms):
    alike, leaks, misread = (
        audit(rooms(**options), rooms.symmetry, samples=50, seed=0)
        for options in ({}, {"draught": 2.0}, {"misread": 0.3})
    )
    assert alike.verdict == "exact" and alike.observation_error == 0
    assert leaks.verdict == "broken" and leaks.epsilon_transition > 0.05 and leaks.observation_error == 0
    assert misread.verdict == "broken" and misread.epsilon_transition < 1e-12
    assert misread.observation_error == pytest.approx(0.3)


def test_the_drone_is_a_square_until_a_rotor_wears(drone):
    new, worn = (audit(drone(worn), drone.symmetry, samples=50, seed=0) for worn in (0.0, 0.3))
    assert new.verdict == "exact" and new.observation_error == 0
    assert worn.verdict == "broken" and worn.epsilon_transition > 0.05
    assert {element.element for element in worn.elements if element.verdict == "exact"} == {"s"}  # east stays east


def test_the_drone_hovers_and_tilts_away_from_the_rotor_that_pulls(drone):
    env = drone()
    env.reset(seed=0)
    env.set_state(np.zeros(10))
    assert np.abs(env.step(np.zeros(4))[0]).max() < 1e-12
    env.step(np.array([0, 0, 1, 0]))  # the rotor in the west
    assert env.plane[2, 0] > 0 and env.plane[1, 0] > 0 and env.plane[2, 1] == 0  # eastwards


def test_the_crane_is_a_square_until_a_motor_wears(crane):
    new, worn = (audit(crane(wear), crane.symmetry, samples=50, seed=0) for wear in (0.0, 0.3))
    assert new.verdict == "exact" and new.observation_error == 0
    assert worn.verdict == "broken" and worn.epsilon_transition > 0.05
    kept = {element.element for element in worn.elements if element.verdict == "exact"}
    assert kept == {"s", "r^2", "r^2s"}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_its_suites_are_suites(path):
    families = options("network")
    suite = read_plan(path, families).suite if "\ntune:" in path.read_text() else read_suite(path, families)
    assert suite.runs("runs/x")[0].task in TASKS


def missing_imports(source):
    """What a script imports of nearsym that is not there."""
    missing = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "nearsym":
            module = importlib.import_module(node.module)
            missing += [alias.name for alias in node.names if not hasattr(module, alias.name)]
    return missing


@pytest.mark.parametrize("path", sorted((EXAMPLES.parent / "results").glob("*.py")), ids=lambda path: path.stem)
def test_scripts_of_published_tables_import_what_is_there(path):
    assert missing_imports(path.read_text()) == []
    assert missing_imports("def f():\n    from nearsym.envs import make, trolley") == ["trolley"]


@pytest.mark.parametrize(("page", "count"), [("symmetry", 9), ("declare", 3), ("perturbations", 2), ("networks", 1)])
def test_a_page_says_what_is_so(page, count):
    """Its blocks, run one after the other, hold their own assertions."""
    blocks = re.findall(r"```python\n(.*?)```", (EXAMPLES.parent / f"{page}.md").read_text(), flags=re.DOTALL)
    assert len(blocks) == count
    exec("\n".join(blocks), {})
