"""Faults of environments end in one sentence that says what was got, and where in the user's file."""

import re
import sys

import numpy as np
import pytest

from nearsym.envs import audit, build, load_symmetry, symmetry_of
from nearsym.envs.errors import InputError
from nearsym.scripts.main import run

SOURCE = """
import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, Tuple
from nearsym import Symmetry

symmetry = Symmetry.reflection([-1, -1], [-1])


class Fine(gymnasium.Env):
    observation_space = Box(-np.inf, np.inf, (2,), np.float32)
    action_space = Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps, self.state = 0, self.np_random.uniform(-1, 1, 2).astype(np.float32)
        return self.seen(), {}

    def step(self, action):
        assert self.action_space.contains(np.asarray(action)), action
        self.steps += 1
        return self.seen(), self.paid(), False, self.steps == 20, {}

    def seen(self):
        return self.state

    def paid(self):
        return 1.0


class Raises(Fine):
    def paid(self):
        return 1 / (self.steps - 3)  # the faulty line


class RaisesAtReset(Fine):
    def reset(self, **options):
        raise KeyError("goal")


class Leaves(Fine):
    def reset(self, **options):
        raise SystemExit("no licence")


class RaisesInConstructor(Fine):
    def __init__(self):
        raise RuntimeError("no motor")


class FourTuple(Fine):
    def step(self, action):
        return self.state, 1.0, False, {}


class OldReset(Fine):
    def reset(self, **options):
        return np.zeros(2, np.float32)


class TextForInfo(Fine):
    def step(self, action):
        return self.state, 1.0, False, False, "all well"


class NoReward(Fine):
    def paid(self):
        return None


class TwoRewards(Fine):
    def paid(self):
        return np.ones(2)


class InfiniteReward(Fine):
    def paid(self):
        return np.inf


class RewardOfOne(Fine):
    def paid(self):
        return np.ones((1,), np.float32)


class WrongShape(Fine):
    def seen(self):
        return np.zeros(3, np.float32)


class WrongShapeLater(Fine):
    def seen(self):
        return np.zeros(2 if self.steps < 5 else 1, np.float32)


class Words(Fine):
    def seen(self):
        return np.array(["left", "right"])


class Ragged(Fine):
    def seen(self):
        return [[0.0], [1.0, 2.0]]


class FloatsForPixels(Fine):
    observation_space = Box(0, 255, (9, 9, 3), np.uint8)

    def seen(self):
        return np.zeros((9, 9, 3), np.float32)


class Lists(Fine):
    def seen(self):
        return [0.0, 1.0]


class NoFlag(Fine):
    def step(self, action):
        return self.state, 1.0, None, False, {}


class WrongKeys(Fine):
    observation_space = Dict({"here": Box(-1, 1, (2,)), "there": Box(-1, 1, (2,))})

    def seen(self):
        return {"here": np.zeros(2, np.float32)}


class Pair(Fine):
    observation_space = Tuple((Box(-1, 1, (2,)), Box(-1, 1, (1,))))


class WithNumber(Fine):
    observation_space = Dict({"here": Box(-1, 1, (2,)), "level": Discrete(3)})


class NoSpaces(Fine):
    observation_space = None


class NoParts(Fine):
    observation_space = Dict()


class GeneratorLeaves(Fine):
    def paid(self):
        raise GeneratorExit


class NoSymmetry(Fine):
    symmetry = property(lambda self: 1 / 0)


class OwnTickers(Fine):
    splits = 3


class OddPhysics(Fine):
    def __getattr__(self, name):
        raise KeyError(name)


class StuckOpen(Fine):
    def close(self):
        raise RuntimeError("cannot close")


class OwnFrames(Fine):
    frames, metadata = 0, None


class OwnFramesOfImages(Fine):
    observation_space = Box(0, 255, (9, 9, 3), np.uint8)
    frames = "many"


class State(Fine):
    symmetry = symmetry

    def get_state(self):
        return np.array(self.state, np.float64)

    def set_state(self, state):
        self.state = np.array(state, np.float32)
        return self.state


class Agreeable(State):
    def __getattr__(self, name):
        return None


class UnknownState(State):
    def get_state(self):
        raise NotImplementedError("not yet")


class StateInWords(State):
    def set_state(self, state):
        return "left"


class Whole(Fine):
    action_space = Box(0, 9, (1,), np.int64)


class Stuck(Fine):
    action_space = Box(1, 1, (1,))


class Scalar(Fine):
    action_space = Box(-1, 1, ())


class Matrix(Fine):
    action_space = Box(-1, 1, (1, 1))


class Grid(Fine):
    observation_space = Box(-1, 1, (2, 3), np.float32)

    def seen(self):
        return np.zeros((2, 3), np.float32)


class Unbounded(Fine):
    action_space = Box(-np.inf, np.inf, (1,))


class HalfBounded(Fine):
    action_space = Box(np.array([-1, 0], np.float32), np.array([1, np.inf], np.float32))


def raises() -> Symmetry:
    return [][0]


def takes(size) -> Symmetry:
    return symmetry
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "faulty.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    yield "faulty"
    sys.modules.pop("faulty", None)


def act(id):
    """A few episodes."""
    env = build(id)
    env.action_space.seed(0)
    for seed in range(2):
        env.reset(seed=seed)
        for _ in range(20):
            env.step(env.action_space.sample())
    return env


LINE = 1 + SOURCE.splitlines().index("        return 1 / (self.steps - 3)  # the faulty line")

FAULTS = {
    "Raises": rf"the environment's step raises in step 3 of an episode: ZeroDivisionError: .* \(faulty.py:{LINE}\)",
    "RaisesAtReset": r"the environment's reset raises: KeyError: 'goal' \(faulty.py:\d+\)",
    "Leaves": r"the environment's reset raises: SystemExit: no licence \(faulty.py:\d+\)",
    "RaisesInConstructor": r"cannot be built: RuntimeError: no motor \(faulty.py:\d+\)",
    "FourTuple": r"step returns a tuple of 4, expected a tuple \(observation, reward, .* gym before 0.26",
    "OldReset": r"reset returns an array of float32 of shape \(2,\), expected a tuple \(observation, info\)",
    "TextForInfo": r"step returns a tuple of 5, expected .* with a dict for info",
    "NoReward": "reward is None at step 1 of an episode, expected one number",
    "TwoRewards": r"reward is an array of float64 of shape \(2,\) at step 1 of an episode, expected one number",
    "InfiniteReward": "reward is inf at step 1 of an episode, expected a finite number",
    "WrongShape": r"observation has shape \(3,\) at step 0 of an episode, its space .* has shape \(2,\)",
    "WrongShapeLater": r"observation has shape \(1,\) at step 5",
    "Words": r"observation holds <U5 at step 0 of an episode, its space .* holds float32; convert it",
    "Ragged": "observation is a list that makes no array",
    "FloatsForPixels": "observation holds float32 at step 0 .* holds uint8",
    "NoFlag": "terminated is None at step 1 of an episode, expected True or False",
    "WrongKeys": r"observation has keys \['here'\] at step 0 of an episode, its space has the keys \['here', 'there'\]",
    "Pair": r"faulty:Pair observes Tuple\(.*\); expected a Box, or a Dict of Boxes: number the parts",
    "WithNumber": r"observes Discrete\(3\) as observation\['level'\]; expected a Box",
    "NoSpaces": "faulty:NoSpaces has no observation_space",
    "Whole": r"has actions Box\(0, 9, \(1,\), int64\), whole numbers; agents act with real ones",
    "NoParts": r"faulty:NoParts observes Dict\(\); expected a Box, or a Dict of Boxes",
    "GeneratorLeaves": r"the environment's step raises in step 1 of an episode: GeneratorExit \(faulty.py:\d+\)",
    "OwnTickers": "the environment's splits is 3, expected a tuple of names",
    "OddPhysics": r"'faulty:OddPhysics' cannot be built: KeyError: '\w+' \(faulty.py:\d+\)",
    "OwnFramesOfImages": "the environment's frames is 'many', expected how many frames an observation stacks",
    "Stuck": "every lower bound below the upper one",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_sentence(module, name):
    with pytest.raises(InputError, match=FAULTS[name]):
        act(f"{module}:{name}")


@pytest.mark.parametrize("name", ["Fine", "OwnFrames", "RewardOfOne", "Lists", "Scalar", "Matrix", "Grid", "Unbounded"])
def test_what_is_no_fault_goes_through(module, name):
    env = act(f"{module}:{name}")
    assert len(env.action_space.shape) == len(env.observation_space.shape) == 1


def test_a_symmetry_that_cannot_be_asked_for(module):
    with pytest.raises(InputError, match=r"the environment's symmetry raises: ZeroDivisionError: .* \(faulty.py:\d+\)"):
        symmetry_of(build(f"{module}:NoSymmetry"))


def test_closing_fails_after_the_work_is_done(module):
    env = act(f"{module}:StuckOpen")
    with pytest.warns(
        UserWarning, match=r"the environment's close raises: RuntimeError: cannot close \(faulty.py:\d+\)"
    ):
        env.close()


def test_audits_of_faulty_states(module):
    assert audit(build(f"{module}:State"), samples=4).verdict
    with pytest.raises(InputError, match=r"get_state raises: NotImplementedError: not yet \(faulty.py:\d+\)"):
        audit(build(f"{module}:UnknownState"), samples=4)
    with pytest.raises(InputError, match="set_state returns a str that is no observation of Box"):
        audit(build(f"{module}:StateInWords"), samples=4)


def test_every_fault_is_one_line_on_the_command_line(module, capsys):
    small = ["network=plain", "network.width=8", "total_steps=30", "agent.learning_starts=10", "agent.batch_size=4"]
    for name in ("Raises", "FourTuple", "NoReward", "Pair", "Unbounded", "HalfBounded"):
        assert run(["train", f"env={module}:{name}", *small, f"run_dir={name}"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("nearsym: ")
        if name == "Unbounded":
            assert "action[0] lies between -inf and inf" in line and "TransformAction(env, lambda a: 5 * a" in line
        if name == "HalfBounded":
            assert "action[1] lies between 0 and inf" in line


def test_shapes_that_are_no_vectors_are_trained_on(module):
    small = ["network=plain", "network.width=8", "total_steps=30", "agent.learning_starts=10", "agent.batch_size=4"]
    for name in ("Scalar", "Matrix", "Grid"):
        assert run(["train", f"env={module}:{name}", *small, f"run_dir={name}"]) == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raises", r"raises IndexError: list index out of range \(faulty.py:\d+\); expected one without arguments"),
        ("takes", "raises TypeError: takes.. missing 1 required positional argument"),
    ],
)
def test_functions_for_a_symmetry(module, name, message):
    with pytest.raises(InputError, match=message):
        load_symmetry(f"{module}:{name}")
    assert load_symmetry(f"{module}:symmetry").group.order == 2


def test_modules_that_leave(tmp_path, monkeypatch):
    (tmp_path / "leaving.py").write_text("import sys\n\nsys.exit(3)\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=re.escape("importing leaving fails: SystemExit: 3 (leaving.py:3)")):
        build("leaving:Env")


@pytest.mark.parametrize("id", ["Pendulum-v1", "dmc/cartpole-swingup"])
@pytest.mark.parametrize("times", [0, 1.5, "two", True, float("nan")])
def test_action_repeat_is_a_whole_number(id, times):
    with pytest.raises(InputError, match=f"action_repeat is {times}, expected a whole number >= 1"):
        build(id, {"action_repeat": times})
    build(id, {"action_repeat": 2.0}).reset(seed=0)


def test_stepping_a_task_after_its_end(module):
    env = build("dmc/cartpole-swingup", {"action_repeat": 1000})
    env.reset(seed=0)
    env.step(np.zeros(1, np.float32))
    with pytest.raises(InputError, match=r"ResetNeeded: no episode is running; call env.reset\(\) before"):
        env.step(np.zeros(1, np.float32))


def test_an_environment_that_has_an_answer_to_everything_is_audited(module):
    """`None` where it is asked for what audits would call."""
    agreeable, state = (audit(build(f"faulty:{name}"), samples=5) for name in ("Agreeable", "State"))
    assert agreeable.verdict == state.verdict
