"""One function builds what training, audits and films see."""

import json
import sys

import gymnasium
import numpy as np
import pytest

from nearsym.envs import build, family_of, make, short_name, symmetry_of
from nearsym.envs.capabilities import own_evaluation, set_split, splits, state_getter, state_setter, tickers
from nearsym.envs.errors import InputError
from nearsym.envs.perturbations import PerturbationSettings
from nearsym.scripts.main import run

SOURCE = '''
import gymnasium
import numpy as np
from nearsym.envs import NoiseLevel
from nearsym.envs.symmetry import Symmetry


class Trolley(gymnasium.Env):
    """Position and velocity by name; force."""

    box = gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float64)
    observation_space = gymnasium.spaces.Dict({"position": box, "velocity": box})
    action_space = gymnasium.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state, self.steps = self.np_random.uniform(-1, 1, 2), 0
        return self.seen(), {}

    def step(self, action):
        self.state = self.state + 0.1 * np.array([self.state[1], float(action[0])])
        self.steps += 1
        return self.seen(), -abs(float(self.state[0])), False, self.steps == 20, {}

    def seen(self):
        return {"velocity": self.state[1:], "position": self.state[:1]}

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = np.array(state)
        return self.seen()


class Picture(Trolley):
    """A black image with one white column where the trolley is."""

    observation_space = gymnasium.spaces.Box(0, 255, (9, 9, 3), np.uint8)

    def seen(self):
        image = np.zeros((9, 9, 3), np.uint8)
        image[:, int(np.clip(4 + 4 * self.state[0], 0, 8))] = 255
        return image


class Binary(Trolley):
    action_space = gymnasium.spaces.MultiBinary(2)


class Findings:
    unit, noise = "steps to the middle", "bumps"

    def __init__(self, levels):
        self.levels = levels

    def content(self):
        return {"steps": [level.returns for level in self.levels]}

    def tables(self, title):
        return [f"{title}: {self.levels[0].returns} steps"]

    def write(self, folder, title):
        (folder / "evaluation.txt").write_text(title)
        return [folder / "evaluation.txt"]


class Judged(Trolley):
    """Says itself how good a policy is."""

    def evaluation(self, env, policy, noise, noise_kind, drawings, trials, untrained=None):
        observation, _ = env.reset()
        assert policy(observation).shape == (1,) and observation.shape == (2,)
        return Findings([NoiseLevel(level, [3.0] * (drawings if level else 1)) for level in noise])


symmetry = Symmetry.reflection(observation={"position": [-1], "velocity": [-1]}, action=[-1], state=[-1, -1])
mirror = Symmetry.image(plane=[[-1, 1]], action=[[-1]], shape=(3, 9, 9), state=[[-1, -1]])
'''


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "trolleys.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    yield "trolleys"
    sys.modules.pop("trolleys", None)


def test_a_dict_is_flattened_with_its_symmetry(module):
    env = build(f"{module}:Trolley", symmetry=f"{module}:symmetry")
    assert env.observation_space.shape == (2,) and symmetry_of(env).observation.dim == 2
    observation, _ = env.reset(seed=0)
    np.testing.assert_array_equal(observation, env.unwrapped.state)


def test_frames_are_stacked_with_their_symmetry(module):
    plain = make(f"{module}:Picture")
    assert plain.observation_space.shape == (9, 9, 3)
    env = build(f"{module}:Picture")
    assert env.observation_space.shape == (9, 9, 9) and env.get_wrapper_attr("frames") == 3
    assert build("dmc/cartpole-swingup", {"frames": 2, "size": 16}, pixels=True).observation_space.shape == (6, 16, 16)


def test_perturbations_and_the_guard_lie_around(module):
    given = PerturbationSettings(sensor_offset=0.5)
    env = build(f"{module}:Trolley", symmetry=f"{module}:symmetry", perturbation=given)
    assert env.reset(seed=0)[0][0] == env.unwrapped.state[0] + 0.5
    env.unwrapped.state = np.array([np.nan, 0.0])
    with pytest.raises(InputError, match="expected a finite number"):
        env.step(np.zeros(1))


def test_a_run_with_a_dict_is_audited_as_it_was_trained(module, capsys):
    words = [f"env={module}:Trolley", f"symmetry={module}:symmetry", "network=exact", "network.width=16"]
    words += ["total_steps=60", "agent.learning_starts=20", "agent.batch_size=8", "eval_every=60", "run_dir=trolley"]
    assert run(["train", *words]) == 0
    assert run(["audit", "trolley", "samples=30"]) == 0
    printed = capsys.readouterr().out
    assert (
        "exact: a step usually moves the state by" in printed
        and "policy:  no relative error is above 0.6 under any element" in printed
    )


def test_an_environment_may_evaluate_itself(module, tmp_path, capsys):
    words = ["network=plain", "network.width=16", "total_steps=20", "eval_every=20", "run_dir=judged"]
    assert run(["train", f"env={module}:Judged", *words]) == 0
    assert run(["evaluate", "judged", "noise=[0,0.5]", "episodes=2"]) == 0
    printed = capsys.readouterr().out
    assert f"{module}:Judged: judged: [3.0] steps" in printed and "judged/noise.png" in printed
    report = json.loads((tmp_path / "judged" / "evaluation.json").read_text())
    assert report.pop("asked")["step"] == 20
    assert report == {"run": "judged", "steps": [[3.0], [3.0, 3.0]]}
    assert (tmp_path / "judged" / "evaluation.txt").read_text() == f"{module}:Judged: judged"
    assert run(["evaluate", "judged", "noise=[0]", "episodes=2"]) == 0  # another has files of its own
    assert (tmp_path / "judged" / "evaluation-2.txt").is_file()
    found = sorted(path.name for path in (tmp_path / "judged").glob("*-2*"))
    assert found == ["evaluation-2.json", "evaluation-2.txt"]  # one level draws no figure


def test_what_cannot_be_built_is_refused(module):
    for id, asked, message in (
        (f"{module}:Binary", {}, "has actions MultiBinary"),
        ("Pendulum-v1", {"pixels": True}, "pixels=true draws dm_control tasks"),
        ("trading/portfolio", {"film": True}, "trading/portfolio draws no frames"),
    ):
        with pytest.raises(InputError, match=message):
            build(id, **asked)


def test_environments_are_asked_for_precision_and_frames_as_they_offer_them():
    assert build("dmc/cartpole-swingup").observation_space.dtype == np.float32
    assert build("dmc/cartpole-swingup", precise=True).observation_space.dtype == np.float64
    assert build("Pendulum-v1", precise=True).observation_space.dtype == np.float32  # it has no choice
    assert build("Pendulum-v1", film=True).render_mode == "rgb_array"
    assert build("Pendulum-v1", {"render_mode": "human"}, film=True).render_mode == "human"  # what is given counts


def test_what_an_environment_can_is_seen_through_wrappers(module):
    trolley = build(f"{module}:Trolley", perturbation=PerturbationSettings(observation_noise=0.1))
    trolley.reset(seed=0)
    state_setter(trolley)(np.array([0.25, 0.5]))
    np.testing.assert_array_equal(state_getter(trolley)(), [0.25, 0.5])
    assert splits(trolley) == tickers(trolley) == () and own_evaluation(trolley) is None
    set_split(trolley, "anything")  # its data are not divided
    market = build("trading/portfolio", {"start": "2000-01-01"})
    assert splits(market) == ("train", "validation", "test") and len(tickers(market)) == 20
    assert own_evaluation(market) is not None
    assert state_getter(market) is not None and state_setter(market) is None
    with pytest.raises(InputError, match="split is 'live', expected one of train, validation, test"):
        set_split(market, "live")
    bare = gymnasium.make("InvertedPendulum-v5")  # MuJoCo's own set_state takes two arguments
    assert state_setter(bare) is None and state_getter(bare) is None


def test_families_and_names_of_runs():
    assert [short_name(id) for id in ("dmc/walker-walk", "trading/shares", "Pendulum-v1", "m:E")] == [
        "walker-walk",
        "trading/shares",
        "Pendulum-v1",
        "m:E",
    ]
    assert family_of("dmc/walker-walk").returns[:2] == (0, 1000) and family_of("Pendulum-v1").returns is None
    assert family_of("trading/shares").noise == (0, 0.01)
