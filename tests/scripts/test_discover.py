"""`nearsym discover` from end to end."""

import pytest

from nearsym import Symmetry
from nearsym.agents.runs.settings import TrainSettings
from nearsym.envs import audit, make
from nearsym.envs.symmetry import read_symmetry
from nearsym.scripts.compose import compose
from nearsym.scripts.main import run

ENV = """
import gymnasium
import numpy as np


class Springs(gymnasium.Env):
    observation_space = gymnasium.spaces.Dict(
        {"position": gymnasium.spaces.Box(-9, 9, (2,)), "velocity": gymnasium.spaces.Box(-9, 9, (2,))}
    )
    action_space = gymnasium.spaces.Box(-1, 1, (2,))

    def __init__(self, weight=1.0):
        self.weights = np.array([1.0, weight])

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.np_random.normal(size=4)
        return self.observe(), {}

    def observe(self):
        position, velocity = self.state.astype(np.float32).reshape(2, 2)
        return {"position": position, "velocity": velocity}

    def step(self, action):
        x, v = self.state[:2], self.state[2:]
        v = v + 0.1 * (action - x**3 - 0.2 * (x - x.mean()) - v) / self.weights
        self.state = np.concatenate([x + 0.1 * v, v])
        return self.observe(), -float(x @ x), False, False, {}

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = np.array(state)
        return self.observe()
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "springs.py").write_text(ENV)
    return tmp_path


def code(printed):
    """The first declaration that was printed."""
    lines = printed.splitlines()
    start = lines.index("symmetry = Symmetry.generated(")
    names = {"Symmetry": Symmetry}
    exec("\n".join(lines[start : lines.index(")", start) + 1]), names)
    return names["symmetry"]


def test_what_is_printed_is_code_and_what_is_written_is_taken(folder, capsys):
    assert run(["discover", "env=dmc/cartpole-swingup", "samples=40", "out=found/pole.yaml"]) == 0
    printed = capsys.readouterr().out
    symmetry = code(printed)
    assert audit(make("dmc/cartpole-swingup", dtype="float64"), symmetry, samples=20).verdict == "exact"
    assert read_symmetry(folder / "found" / "pole.yaml").action == symmetry.action
    assert "model:      mirror, x to -x: slider → -slider, hinge_1 → -hinge_1" in printed
    assert run(["audit", "env=dmc/cartpole-swingup", "symmetry=found/pole.yaml", "samples=20"]) == 0
    settings = compose("train", TrainSettings, ["env=dmc/cartpole-swingup", "symmetry=found/pole.yaml"])
    assert settings.symmetry == str(folder / "found" / "pole.yaml")  # found again from any folder
    assert "exact" in capsys.readouterr().out


def test_a_dict_and_a_changed_mass(folder, capsys):
    assert run(["discover", "env=springs:Springs", "samples=40"]) == 0
    symmetry = code(capsys.readouterr().out)
    assert symmetry.group.order == 4
    arguments = ["discover", "env=springs:Springs", "env.kwargs.weight=1.05", "samples=40", "out=springs.yaml"]
    assert run(arguments) == 0
    printed = capsys.readouterr().out
    assert "exact: C2, 2 elements" in printed
    assert "nearly symmetric: some elements are approximate: D2, 4 elements" in printed
    assert "broken" not in printed
    assert read_symmetry(folder / "springs.yaml").group.order == 2
    assert read_symmetry(folder / "springs-nearly.yaml").group.order == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model=none.xml"], "there is no model none.xml"),
        (["model=none.xml", "transitions=x.npz"], "model= and transitions= were both given; leave one out"),
        (
            ["transitions=none.npz"],
            "there is no file none.npz; record transitions with np.savez, expected observations",
        ),
        (["model=none.xml", "env=Pendulum-v1"], "model= and env= were both given; leave one out"),
        (
            ["env=MountainCarContinuous-v0"],
            "the state of this environment cannot be set; give it get_state and set_state",
        ),
        (["env=Pendulum-v1", "out=found.txt"], "out is found.txt, expected a name that ends in .yaml"),
        (["env=Pendulum-v1", "samples=0"], "samples is 0"),
        (["env=dmc/cartpole-swingup", "perturbation.observation_noise=0.1"], "do not always give the same"),
    ],
)
def test_bad_input_is_one_line(arguments, said, folder, capsys):
    assert run(["discover", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
