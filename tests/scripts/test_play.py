"""`nearsym play`: two worlds beside each other, in a window or a film."""

import sys
from types import SimpleNamespace

import gymnasium
import imageio.v2 as imageio
import numpy as np
import pytest
import torch

from nearsym.agents.runs import screen
from nearsym.agents.runs.build import build_learner, build_world
from nearsym.agents.runs.play import GAP, Playing, told
from nearsym.agents.runs.screen import Window
from nearsym.agents.runs.settings import EnvSettings, TrainSettings
from nearsym.envs.errors import InputError
from nearsym.envs.symmetry import Symmetry
from nearsym.networks import family
from nearsym.scripts.main import run

SIZE = ["network.width=16", "agent.batch_size=8", "agent.learning_starts=5", "total_steps=12", "eval_every=12"]


def playing(network, env="dmc/cartpole-balance", seed=0, element=None, **kwargs):
    settings = TrainSettings(env=EnvSettings(env, kwargs), network=family(network, width=16), total_steps=100)
    learner = build_learner(settings, build_world(settings, 0))
    with torch.no_grad():
        for parameter in learner.actor.parameters():
            parameter.mul_(3)  # so that it acts
    return Playing(learner, settings, seed, element)


class Recorded:
    """The actions that each world is given."""

    def __init__(self, played):
        self.actions, self.moments = [[], []], []
        for env, into in zip(played._envs, self.actions, strict=False):
            step = env.step
            env.step = lambda action, step=step, into=into: into.append(np.array(action)) or step(action)
        self.moments = list(played.moments())
        played.close()


def test_a_symmetric_policy_does_the_mirrored_thing_and_another_does_not():
    played = playing("exact", action_repeat=50)
    assert played.mirrored == "s" or played.mirrored == "r"
    exact = Recorded(played)
    np.testing.assert_allclose(exact.actions[0], -np.array(exact.actions[1]), atol=2e-3)
    assert max(abs(action).max() for action in exact.actions[0]) > 1e-3
    here, there = exact.moments[-1].returns
    assert here == pytest.approx(there, rel=1e-3) and here > 0
    plain = Recorded(playing("plain", action_repeat=50))
    gap = np.abs(np.array(plain.actions[0]) + np.array(plain.actions[1])).max()
    assert gap > 0.05
    assert abs(plain.moments[-1].returns[0] - plain.moments[-1].returns[1]) > 0.1


class Dot(gymnasium.Env):
    """A dot on a line, drawn where it is."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 5}
    observation_space = gymnasium.spaces.Box(-1, 1, (1,), np.float64)
    action_space = gymnasium.spaces.Box(-1, 1, (1,))
    symmetry = Symmetry.reflection(observation=[-1], action=[-1])
    x = np.zeros(1)

    def __init__(self, render_mode=None):
        pass

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.x = self.np_random.uniform(-1, 1, 1)
        return self.x.copy(), {}

    def step(self, action):
        return self.x.copy(), float(self.x[0]), False, True, {}

    def render(self):
        picture = np.zeros((5, 9, 3), dtype=np.uint8)
        picture[2, round(4 + 4 * self.x[0])] = 255
        return picture

    def get_state(self):
        return self.x

    def set_state(self, state):
        self.x = np.array(state)
        return self.x.copy()


def test_the_second_world_is_the_mirror_image_of_the_first():
    gymnasium.register("PlayedDot-v0", Dot, disable_env_checker=True)
    played = playing("exact", "PlayedDot-v0", seed=3)
    first, last = played.moments()
    played.close()
    left, gap, right = np.split(first.frame, [9, 9 + GAP], axis=1)
    np.testing.assert_array_equal(left[:, ::-1], right)
    assert (left != right).any() and (gap == 255).all()
    here, there = last.returns
    assert here == -there != 0  # this reward is not symmetric, and the returns say so
    assert told(last).endswith(f"difference {there - here:+.2g}")


def test_without_a_state_that_can_be_set_there_is_one_world():
    class Still(gymnasium.Env):
        metadata = {"render_modes": ["rgb_array"], "render_fps": 5}
        observation_space = gymnasium.spaces.Box(-1, 1, (1,))
        action_space = gymnasium.spaces.Box(-1, 1, (1,))

        def __init__(self, render_mode=None):
            pass

        def reset(self, *, seed=None, options=None):
            return np.zeros(1, dtype=np.float32), {}

        def step(self, action):
            return np.zeros(1, dtype=np.float32), 1.0, False, True, {}

        def render(self):
            return np.zeros((4, 4, 3), dtype=np.uint8)

    gymnasium.register("Still-v0", Still, disable_env_checker=True)
    played = playing("plain", "Still-v0")
    assert played.mirrored == "" and played.why == "the environment declares no symmetry" and played.fps == 5
    moments = list(played.moments())
    assert [moment.returns for moment in moments] == [(0.0,), (1.0,)] and moments[0].frame.shape == (4, 4, 3)
    assert told(moments[1]) == "step 1: return 1.00"


def test_an_element_is_chosen_by_name():
    assert playing("plain", "dmc/point_mass-easy", element="r^2").mirrored == "r^2"
    with pytest.raises(InputError, match=r"element=q is none of the group's; choose from r, s, r\^2, rs"):
        playing("plain", "dmc/point_mass-easy", element="q")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # imageio-ffmpeg's pipes
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_command_films_where_there_is_no_display(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    where = ["env=dmc/cartpole-balance", "env.kwargs.action_repeat=50", "network=exact", "run_dir=x"]
    assert run(["train", *where, *SIZE, "eval_episodes=1"]) == 0
    capsys.readouterr()
    assert run(["play", "x"]) == 0
    printed = capsys.readouterr().out
    assert "films it instead: there is no display" in printed and "written: x/play.mp4" in printed
    assert "at the end, step 20: return" in printed and "difference" in printed
    with imageio.get_reader("x/play.mp4") as reader:
        frames = [np.asarray(frame) for frame in reader]
    assert len(frames) == 21 and frames[0].shape[1] > 2 * frames[0].shape[0]
    assert run(["play", "x", "element=r^3"]) == 2
    assert "element=r^3 is none of the group's" in capsys.readouterr().err
    assert run(["play"]) == 2
    assert "which run? give its folder first: nearsym play runs/x" in capsys.readouterr().err


class FakeTk:
    """As much of tkinter as a window uses; frames are kept as arrays."""

    class TclError(Exception):
        pass

    def __init__(self):
        self.frames, self.titles, self.shut, self.destroyed = [], [], None, False
        fake = self

        class Tk:
            def protocol(self, name, call):
                fake.shut = call

            title = fake.titles.append

            def update(self):
                if len(fake.frames) == 2:
                    fake.shut()

            def destroy(self):
                fake.destroyed = True

        class PhotoImage:
            def __init__(self, master):
                pass

            def configure(self, data):
                head, width, height, most, rest = data.split(b" ", 4)
                assert (head, most) == (b"P6", b"255")
                fake.frames.append(np.frombuffer(rest, np.uint8).reshape(int(height), int(width), 3))

        self.module = SimpleNamespace(
            Tk=Tk,
            PhotoImage=PhotoImage,
            Label=lambda root, image: SimpleNamespace(pack=lambda: None),
            TclError=self.TclError,
        )


def test_a_window_shows_frames_until_it_is_shut(monkeypatch):
    fake = FakeTk()
    monkeypatch.setitem(sys.modules, "tkinter", fake.module)
    monkeypatch.setattr(screen.time, "sleep", lambda seconds: None)
    window, frame = Window(30), np.random.default_rng(0).integers(256, size=(4, 6, 3), dtype=np.uint8)
    assert window.show(frame, "step 0") and not window.show(frame[:, ::-1], "step 1")
    window.close()
    np.testing.assert_array_equal(fake.frames[0], frame)
    np.testing.assert_array_equal(fake.frames[1], frame[:, ::-1])
    assert fake.titles == ["step 0", "step 1"] and fake.destroyed


def test_a_python_without_tk_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "tkinter", None)
    with pytest.raises(InputError, match="a window needs Python's tkinter"):
        Window(30)
